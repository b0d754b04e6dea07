#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "metrics/progress_snapshot.h"
#include "report/text.h"

namespace millrace::report {

// Tells on standard error how a run goes; who does not read that is not waited for.
class Progress {
 public:
  virtual ~Progress() = default;

  // About once a second.
  virtual void show(const metrics::ProgressSnapshot& snapshot) = 0;
  // The run is over: leaves the terminal as it was, if it has room within a second.
  virtual void end() {}
};

// A line every ten seconds, or when it can be written.
class ProgressLines final : public Progress {
 public:
  void show(const metrics::ProgressSnapshot& snapshot) override;

  // What the line says; the seconds since the last one together.
  [[nodiscard]] std::string line(const metrics::ProgressSnapshot& snapshot) const;
  void take(const metrics::Second& second);

 private:
  metrics::Counters counters_;
  metrics::Histogram intended_;
  std::uint64_t errors_ = 0;
  std::uint64_t seconds_ = 0;
  std::uint64_t last_ = 0;  // the number of the latest one
};

// A view of some lines that is drawn anew in its place. Messages to the user go above it: while
// it lives it diverts them (base/diagnostics.h).
class LiveView final : public Progress {
 public:
  explicit LiveView(const Style& style);
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;
  ~LiveView() override;

  void show(const metrics::ProgressSnapshot& snapshot) override;
  void end() override;

  // The lines for a terminal that is so wide.
  [[nodiscard]] std::string draw(const metrics::ProgressSnapshot& snapshot,
                                 std::size_t columns) const;
  void take(const metrics::Second& second);

 private:
  static constexpr std::size_t kLines = 5;

  void say(std::string_view line);
  [[nodiscard]] std::string erased() const;

  const Style style_;
  std::mutex mutex_;          // of what is drawn, which any thread may have to move
  std::string drawn_;         // empty: nothing
  std::string unwritten_;     // of that, and of what erases the view before it
  std::deque<double> rates_;  // of the last seconds
  metrics::Counters counters_;
  std::array<std::uint64_t, metrics::kErrors> errors_{};
  std::string latest_error_;
  metrics::Second second_;
};

}  // namespace millrace::report
