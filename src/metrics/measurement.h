#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "metrics/metrics.h"
#include "metrics/timeline.h"

namespace millrace::metrics {

// How well the generator kept up: what it adds to latencies, and whether it is the bottleneck.
struct Generator {
  // How long its loops were away from the network at a time.
  Histogram loop_lag;
  // By how much arrivals started later than both their due time and a free session allowed.
  Histogram start_lag;
  std::uint64_t late_starts = 0;  // of those, by more than a millisecond
  // A thread each: the share of the time that it used a core, and that it waited for one.
  std::vector<double> busy;
  std::vector<double> run_delay;

  void add(const Generator& other);
};

// What was measured in a stage of the run.
struct Stage {
  std::string name;  // as it was asked for
  Duration begin{};  // from the start of the run
  Duration length{};
  Metrics metrics;
};

// How a run came to its end.
enum class Ending : std::uint8_t { completed, interrupted, failed };

inline constexpr std::array<std::string_view, 3> kEndingNames = {"completed", "interrupted",
                                                                 "failed"};

// All that was measured in a run.
struct Measurement {
  std::chrono::system_clock::time_point start;
  Duration elapsed{};   // until the last session was done
  Duration measured{};  // of that, what the figures are about: without warm-up
  Ending ending = Ending::completed;
  bool open_loop = false;
  Metrics total;    // all stages, without warm-up
  Counters warmup;  // what was left out
  std::vector<Stage> stages;
  std::vector<Row> series;
  Generator generator;

  // Delivered messages a second.
  [[nodiscard]] double rate() const;
  // The share of messages that were not delivered, of all that were due; 0 to 1.
  [[nodiscard]] double failed_share() const;
  // Whether the load was borne at all: something was delivered, and no more than half of it failed.
  [[nodiscard]] bool carried() const;
  // Whether most messages were refused, or lost with their session: that comes before all else.
  [[nodiscard]] bool turned_away() const;
  // Why the generator rather than the server may have set the pace, as clauses; none if not.
  [[nodiscard]] std::vector<std::string> limits() const;
};

}  // namespace millrace::metrics
