#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace millrace::source {

// A stage is a part of the run in which the level goes evenly from one value to another. The level
// is that of arrivals a second in open loop, of sessions in closed loop.
struct Stage {
  static constexpr Duration kEndless = Duration::max();

  std::string name;
  Duration length = kEndless;  // only the last one may be endless
  double from = 0;
  double to = 0;
  bool measured = true;  // false: warm-up
};

// What the level is over the time of a run: its stages, one after the other. Times count from
// the start of the run.
class Schedule {
 public:
  // At least one stage.
  explicit Schedule(std::vector<Stage> stages);

  [[nodiscard]] const std::vector<Stage>& stages() const { return stages_; }
  [[nodiscard]] Duration begin_of(std::size_t stage) const { return begins_[stage]; }
  // When nothing starts any more; Stage::kEndless when that is not by the clock.
  [[nodiscard]] Duration end() const { return end_; }
  // The stage of a moment; the last one after the end.
  [[nodiscard]] std::size_t stage_at(Duration at) const;

  // The level at a moment, the highest of all, and the sum of the level over the time until a
  // moment: in open loop how many arrivals are due by then.
  [[nodiscard]] double level_at(Duration at) const;
  [[nodiscard]] double highest_level() const;
  [[nodiscard]] double sum_until(Duration at) const;

  // When that sum reaches `sum`, and the last such moment where the level is nothing for a while;
  // nothing if it does not before the end.
  [[nodiscard]] std::optional<Duration> when_sum_is(double sum) const;

  // When the level is first above `level`, at `from` or later; nothing if never.
  [[nodiscard]] std::optional<Duration> when_above(double level, Duration from) const;

 private:
  std::vector<Stage> stages_;
  std::vector<Duration> begins_;
  std::vector<double> sums_;  // until the begin of each stage
  Duration end_{};
};

}  // namespace millrace::source
