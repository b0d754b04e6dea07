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
  const std::optional<double> level = best_known();
  return {.level = level, .confirmed = level && level == confirmed_, .limited_at = lowest_missed()};
}

std::optional<double> CapacitySearch::lowest_missed() const {
  if (missed_.empty()) return std::nullopt;
  return missed_.back().level;
}

// Before the end of the search. What held for a shorter time above a confirmed level may not be
// confirmed; behind a failed confirmation, what held for a shorter time below is the best that is
// known, up to the level that is looked at where nothing is known of that.
std::optional<double> CapacitySearch::best_known(double at_most) const {
  if (confirmed_) return confirmed_;
  std::optional<double> highest = held_;
  for (const double level : held_once_) {
    const bool is_below = !held_ && level < *lowest_missed() && level <= at_most;
    if (is_below && level > highest.value_or(0)) highest = level;
  }
  return highest;
}

void CapacitySearch::found(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::late:
      if (++votes_.late < kMostOfThree) return;
      // Of what is looked at again something is known.
      return end(looks_again_ ? CapacityLimit::server : CapacityLimit::generator);
    case ProbeOutcome::held:
      ++votes_.held;
      break;
    case ProbeOutcome::missed:
      ++votes_.missed;
      break;
  }
  const bool held = outcome == ProbeOutcome::held;
  if (looks_again_) return look_again(held);
  if (!probe_.confirms) return vote();
  held ? confirmed() : not_confirmed();
}

// What a level that does not hold rules out is not looked at before the end, so one probe is not
// enough for that. One that is taken to hold is found out by those behind it.
void CapacitySearch::vote() {
  const bool doubted = votes_.missed > 0 || near_edge();
  if (votes_.held >= (doubted ? kMostOfThree : 1)) return level_held();
  if (votes_.missed < kMostOfThree) return;
  missed_.push_back(probe_);
  go_on();
}

void CapacitySearch::level_held() {
  held_ = probe_.level;
  held_once_.push_back(probe_.level);
  go_on();
}

bool CapacitySearch::near_edge() const {
  return held_ && !missed_.empty() &&
         *lowest_missed() <= *held_ * std::pow(1 + range_.resolution, kNearResolutions);
}

void CapacitySearch::go_on() {
  if (!held_) return end_of_way();
  if (missed_.empty()) return go_on_above();
  if (const std::optional<double> middle = between(*held_)) return probe(*middle, false);
  held_ == confirmed_ ? end_of_way() : probe(*held_, true);
}

// Nothing is known that does not hold.
void CapacitySearch::go_on_above() {
  if (*held_ < range_.high) {
    return probe(std::min(rounded(*held_ * kGrowth), range_.high), false);
  }
  held_ == confirmed_ ? end(CapacityLimit::range) : probe(*held_, true);
}

void CapacitySearch::confirmed() {
  held_ = confirmed_ = probe_.level;
  if (missed_.empty()) return go_on_above();
  const std::optional<double> middle = not_confirmed_ > 0 ? between(*held_) : std::nullopt;
  middle ? probe(*middle, true) : end_of_way();
}

// What held for a shorter time below says nothing any more.
void CapacitySearch::not_confirmed() {
  missed_.push_back(probe_);
  held_ = confirmed_;
  if (held_) {
    const std::optional<double> middle = between(*held_);
    return middle ? probe(*middle, true) : end_of_way();
  }
  const double level = probe_.level;
  if (level <= range_.low) return end_of_way();
  const double step = std::pow(1 + range_.resolution, kFirstStepDown * std::exp2(not_confirmed_++));
  const double below =
      range_.whole ? std::min(rounded(level / step), level - 1) : rounded(level / step);
  probe(std::max(below, range_.low), true);
}

// All is known, if what did not hold does not hold now.
void CapacitySearch::end_of_way() {
  const Probe lowest = missed_.back();
  probe(lowest.level, lowest.confirms);
  looks_again_ = true;
}

// One that misses is the third of them; for one that holds to be believed it takes as many as it
// took to find the opposite.
void CapacitySearch::look_again(bool held) {
  if (!held) return end(CapacityLimit::server);
  if (!probe_.confirms && votes_.held < kMostOfThree) return;
  missed_.pop_back();
  probe_.confirms ? confirmed() : level_held();
}

void CapacitySearch::probe(double level, bool confirms) {
  votes_ = {};
  looks_again_ = false;
  probe_ = {.level = level, .confirms = confirms};
}

void CapacitySearch::end(CapacityLimit limit) {
  const bool late = limit == CapacityLimit::generator;
  const std::optional<double> level = late ? best_known(probe_.level) : held_;
  answer_ = {.level = level,
             .confirmed = level && level == confirmed_,
             .limit = limit,
             .limited_at = late ? std::optional(probe_.level) : lowest_missed()};
}

double CapacitySearch::rounded(double level) const {
  if (range_.whole) return std::round(level);
  const double behind_point = 2 - std::floor(std::log10(level));
  const double scale = std::pow(10, std::abs(behind_point));
  return behind_point > 0 ? std::round(level * scale) / scale : std::round(level / scale) * scale;
}

// The level in the middle between one that held and the lowest that did not; none where they are
// near enough, or no level is between them.
std::optional<double> CapacitySearch::between(double held) const {
  const double missed = missed_.back().level;
  if (missed <= held * (1 + range_.resolution)) return std::nullopt;
  const double middle = rounded(std::sqrt(held * missed));
  if (middle <= held || middle >= missed) return std::nullopt;
  return middle;
}

}  // namespace millrace::source
