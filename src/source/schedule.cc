#include "source/schedule.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/quantity.h"

namespace millrace::source {
namespace {

Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// How much the level grows a second.
double slope(const Stage& stage) {
  if (stage.from == stage.to) return 0;
  return (stage.to - stage.from) / in_seconds(stage.length);
}

double level_after(const Stage& stage, double since) { return stage.from + slope(stage) * since; }

double sum_after(const Stage& stage, double since) {
  return (stage.from + level_after(stage, since)) / 2 * since;
}

// When the sum reaches `rest`, which it does in this stage: the smaller root of
// from * t + slope / 2 * t^2 = rest, in the form that bears a slope of nothing.
double time_of_sum(const Stage& stage, double rest) {
  const double root = std::sqrt(std::max(0.0, stage.from * stage.from + 2 * slope(stage) * rest));
  return rest == 0 ? 0 : 2 * rest / (stage.from + root);
}

}  // namespace

Schedule::Schedule(std::vector<Stage> stages) : stages_(std::move(stages)) {
  double sum = 0;
  for (const Stage& stage : stages_) {
    begins_.push_back(end_);
    sums_.push_back(sum);
    if (stage.length == Stage::kEndless) {
      end_ = Stage::kEndless;
      break;
    }
    end_ += stage.length;
    sum += sum_after(stage, in_seconds(stage.length));
  }
}

std::size_t Schedule::stage_at(Duration at) const {
  const auto after = std::upper_bound(begins_.begin() + 1, begins_.end(), at);
  return static_cast<std::size_t>(after - begins_.begin()) - 1;
}

double Schedule::level_at(Duration at) const {
  const std::size_t stage = stage_at(at);
  return level_after(stages_[stage], in_seconds(at - begins_[stage]));
}

double Schedule::highest_level() const {
  double highest = 0;
  for (const Stage& stage : stages_) highest = std::max({highest, stage.from, stage.to});
  return highest;
}

double Schedule::sum_until(Duration at) const {
  const Duration moment = std::clamp(at, Duration::zero(), end_);
  const std::size_t stage = stage_at(moment);
  return sums_[stage] + sum_after(stages_[stage], in_seconds(moment - begins_[stage]));
}

std::optional<Duration> Schedule::when_sum_is(double sum) const {
  // The last stage that begins with no more: where the level is nothing, nothing is due.
  const auto after = std::upper_bound(sums_.begin() + 1, sums_.end(), sum);
  const auto stage = static_cast<std::size_t>(after - sums_.begin()) - 1;
  const double rest = sum - sums_[stage];
  const Stage& within = stages_[stage];
  if (after == sums_.end() && within.length != Stage::kEndless &&
      rest >= sum_after(within, in_seconds(within.length))) {
    return std::nullopt;
  }
  return begins_[stage] + from_seconds(time_of_sum(within, rest));
}

std::optional<Duration> Schedule::when_above(double level, Duration from) const {
  for (std::size_t number = stage_at(from); number < stages_.size(); ++number) {
    const Stage& stage = stages_[number];
    const Duration begin = std::max(from, begins_[number]);
    if (level_after(stage, in_seconds(begin - begins_[number])) > level) return begin;
    if (stage.to <= level) continue;
    const double since = (level - stage.from) / slope(stage);
    // A moment later the level is above.
    return begins_[number] + from_seconds(since) + Duration(1);
  }
  return std::nullopt;
}

}  // namespace millrace::source
