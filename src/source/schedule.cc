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
double slope(const Segment& segment) {
  if (segment.from == segment.to) return 0;
  return (segment.to - segment.from) / in_seconds(segment.length);
}

double level_after(const Segment& segment, double since) {
  return segment.from + slope(segment) * since;
}

double sum_after(const Segment& segment, double since) {
  return (segment.from + level_after(segment, since)) / 2 * since;
}

// When the sum reaches `rest`, which it does in this segment: the smaller root of
// from * t + slope / 2 * t^2 = rest, in the form that bears a slope of nothing.
double time_of_sum(const Segment& segment, double rest) {
  const double root =
      std::sqrt(std::max(0.0, segment.from * segment.from + 2 * slope(segment) * rest));
  return rest == 0 ? 0 : 2 * rest / (segment.from + root);
}

}  // namespace

Schedule::Schedule(std::vector<Segment> segments) : segments_(std::move(segments)) {
  double sum = 0;
  for (const Segment& segment : segments_) {
    begins_.push_back(end_);
    sums_.push_back(sum);
    if (segment.length == Segment::kEndless) {
      end_ = Segment::kEndless;
      break;
    }
    end_ += segment.length;
    sum += sum_after(segment, in_seconds(segment.length));
  }
}

std::size_t Schedule::segment_at(Duration at) const {
  const auto after = std::upper_bound(begins_.begin() + 1, begins_.end(), at);
  return static_cast<std::size_t>(after - begins_.begin()) - 1;
}

double Schedule::level_at(Duration at) const {
  const std::size_t segment = segment_at(at);
  return level_after(segments_[segment], in_seconds(at - begins_[segment]));
}

double Schedule::highest_level() const {
  double highest = 0;
  for (const Segment& segment : segments_) highest = std::max({highest, segment.from, segment.to});
  return highest;
}

double Schedule::sum_until(Duration at) const {
  const Duration moment = std::clamp(at, Duration::zero(), end_);
  const std::size_t segment = segment_at(moment);
  return sums_[segment] + sum_after(segments_[segment], in_seconds(moment - begins_[segment]));
}

std::optional<Duration> Schedule::when_sum_is(double sum) const {
  // The last segment that begins with no more: where the level is nothing, nothing is due.
  const auto after = std::upper_bound(sums_.begin() + 1, sums_.end(), sum);
  const auto segment = static_cast<std::size_t>(after - sums_.begin()) - 1;
  const double rest = sum - sums_[segment];
  const Segment& within = segments_[segment];
  if (after == sums_.end() && within.length != Segment::kEndless &&
      rest >= sum_after(within, in_seconds(within.length))) {
    return std::nullopt;
  }
  return begins_[segment] + from_seconds(time_of_sum(within, rest));
}

std::optional<Duration> Schedule::when_above(double level, Duration from) const {
  for (std::size_t number = segment_at(from); number < segments_.size(); ++number) {
    const Segment& segment = segments_[number];
    const Duration begin = std::max(from, begins_[number]);
    if (level_after(segment, in_seconds(begin - begins_[number])) > level) return begin;
    if (segment.to <= level) continue;
    const double since = (level - segment.from) / slope(segment);
    // A moment later the level is above.
    return begins_[number] + from_seconds(since) + Duration(1);
  }
  return std::nullopt;
}

}  // namespace millrace::source
