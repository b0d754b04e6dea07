#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "metrics/measurement.h"
#include "metrics/timeline.h"
#include "net/event_loop.h"
#include "sink/command_counts.h"
#include "smtp/verb.h"

namespace millrace::sink {

// What one thread of a sink counts for its report.
class Recorder {
 public:
  void session_opened(TimePoint now);
  // `begun`: when it was opened.
  void session_ended(TimePoint begun, TimePoint now);
  void secured(bool resumed);

  // A transaction begins; its message is taken, or refused when it is complete.
  void mail() { ++metrics_.counters.started; }
  void delivered(std::size_t recipients);
  void refused() { ++metrics_.counters.refused; }

  void commanded(smtp::Verb verb) { ++commands_[smtp::index(verb)]; }
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies);

  void error(metrics::Error kind, std::string_view text);

  // Completes what was counted since the last call, in which the loop moved so many bytes; to be
  // cleared by whoever takes it.
  metrics::ThreadInterval& complete_interval(net::Traffic moved, TimePoint now);

  [[nodiscard]] const metrics::Metrics& metrics() const { return metrics_; }
  [[nodiscard]] const CommandCounts& commands() const { return commands_; }
  [[nodiscard]] std::uint64_t sessions_open() const { return sessions_open_; }
  // When the first session came, if any did, and when the last one went or was still there.
  [[nodiscard]] const std::optional<TimePoint>& first() const { return first_; }
  [[nodiscard]] TimePoint last() const { return last_; }

 private:
  metrics::Metrics metrics_;
  CommandCounts commands_{};
  metrics::ThreadInterval interval_;
  metrics::IntervalMeter meter_;
  std::uint64_t sessions_open_ = 0;
  std::optional<TimePoint> first_;
  TimePoint last_;
};

}  // namespace millrace::sink
