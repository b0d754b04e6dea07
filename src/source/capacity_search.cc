#include "source/capacity_search.h"

#include <algorithm>
#include <cmath>

namespace millrace::source {
namespace {

constexpr double kGrowth = 2;

// So many votes of three decide.
constexpr unsigned kMostOfThree = 2;

// The edge is near when what held and what did not are no more than so many resolutions apart.
constexpr double kNearResolutions = 4;

// The first step down behind a failed confirmation, in resolutions.
constexpr double kFirstStepDown = 0.5;

}  // namespace

CapacitySearch::CapacitySearch(const CapacityRange& range)
    : range_(range), probe_{.level = range.low} {}

std::variant<Probe, CapacityAnswer> CapacitySearch::next() const {
  if (answer_) return *answer_;
  return probe_;
}

CapacityAnswer CapacitySearch::so_far() const {
  if (answer_) return *answer_;
  return {.level = highest_held(), .confirmed = held_is_confirmed_, .limited_at = missed_};
}

// Before the end of the search: behind a failed confirmation what held for a shorter time below is
// the best that is known.
std::optional<double> CapacitySearch::highest_held() const {
  std::optional<double> highest = held_;
  for (const double level : held_once_) {
    if (!held_ && level < *missed_ && level > highest.value_or(0)) highest = level;
  }
  return highest;
}

void CapacitySearch::found(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::late:
      if (++votes_.late < kMostOfThree) return;
      return end(CapacityLimit::generator);
    case ProbeOutcome::held:
      ++votes_.held;
      break;
    case ProbeOutcome::missed:
      ++votes_.missed;
      break;
  }
  if (!probe_.confirms) return vote();
  outcome == ProbeOutcome::held ? confirmed() : not_confirmed();
}

// What a level that does not hold rules out is never looked at again, so one probe is not enough
// for that. One that is taken to hold is found out by those behind it.
void CapacitySearch::vote() {
  const bool doubted = votes_.missed > 0 || near_edge();
  if (votes_.held >= (doubted ? kMostOfThree : 1)) {
    held_ = probe_.level;
    held_once_.push_back(probe_.level);
    return go_on();
  }
  if (votes_.missed < kMostOfThree) return;
  missed_ = probe_.level;
  go_on();
}

bool CapacitySearch::near_edge() const {
  return held_ && missed_ && *missed_ <= *held_ * std::pow(1 + range_.resolution, kNearResolutions);
}

void CapacitySearch::go_on() {
  if (!held_) return end(CapacityLimit::server);
  if (!missed_) {
    if (*held_ >= range_.high) return probe(*held_, true);
    const double higher = rounded(*held_ * kGrowth);
    return probe(std::min(higher, range_.high), false);
  }
  const std::optional<double> middle = between(*held_);
  middle ? probe(*middle, false) : probe(*held_, true);
}

void CapacitySearch::confirmed() {
  held_ = probe_.level;
  held_is_confirmed_ = true;
  if (!missed_) return end(CapacityLimit::range);
  const std::optional<double> middle = not_confirmed_ > 0 ? between(*held_) : std::nullopt;
  middle ? probe(*middle, true) : end(CapacityLimit::server);
}

// What held for a shorter time below says nothing any more.
void CapacitySearch::not_confirmed() {
  missed_ = probe_.level;
  if (held_ && *held_ >= *missed_) held_.reset();
  if (*missed_ <= range_.low) return end(CapacityLimit::server);
  if (held_) {  // by a confirmation
    const std::optional<double> middle = between(*held_);
    return middle ? probe(*middle, true) : end(CapacityLimit::server);
  }
  const double step = std::pow(1 + range_.resolution, kFirstStepDown * std::exp2(not_confirmed_++));
  const double below =
      range_.whole ? std::min(rounded(*missed_ / step), *missed_ - 1) : rounded(*missed_ / step);
  probe(std::max(below, range_.low), true);
}

void CapacitySearch::probe(double level, bool confirms) {
  votes_ = {};
  probe_ = {.level = level, .confirms = confirms};
}

void CapacitySearch::end(CapacityLimit limit) {
  const bool late = limit == CapacityLimit::generator;
  answer_ = {.level = late ? highest_held() : held_,
             .confirmed = held_is_confirmed_,
             .limit = limit,
             .limited_at = late ? std::optional(probe_.level) : missed_};
}

double CapacitySearch::rounded(double level) const {
  if (range_.whole) return std::round(level);
  const double behind_point = 2 - std::floor(std::log10(level));
  const double scale = std::pow(10, std::abs(behind_point));
  return behind_point > 0 ? std::round(level * scale) / scale : std::round(level / scale) * scale;
}

// The level in the middle between one that held and the one that did not; none where they are near
// enough, or no level is between them.
std::optional<double> CapacitySearch::between(double held) const {
  if (*missed_ <= held * (1 + range_.resolution)) return std::nullopt;
  const double middle = rounded(std::sqrt(held * *missed_));
  if (middle <= held || middle >= *missed_) return std::nullopt;
  return middle;
}

}  // namespace millrace::source
