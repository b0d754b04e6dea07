#include "sink/rules/delay.h"

#include <algorithm>

#include "base/quantity.h"

namespace millrace::sink::rules {
namespace {

// One for each kind of delay.
struct Drawing {
  Roll roll;
  std::span<const std::string_view> groups;

  Duration operator()(const Distribution& lengths) {
    const bool fixed = std::holds_alternative<Constant>(lengths);
    const Duration most = fixed ? kLongestFixedDelay : kLongestDelay;
    return Duration(static_cast<Duration::rep>(millrace::draw(lengths, roll, ticks(most))));
  }

  Duration operator()(const Multiple& multiple) {
    const int odds = std::min(multiple.odds, 99);
    double steps = 0;
    while (static_cast<int>(roll.unit() * 100) < odds) ++steps;
    const double length = std::clamp(steps * ticks(multiple.step), 0.0, ticks(kLongestDelay));
    return Duration(static_cast<Duration::rep>(length));
  }

  Duration operator()(const OfGroup& of) const {
    if (of.group >= groups.size()) return Duration::zero();
    const Duration length = duration(groups[of.group]).value_or(Duration::zero());
    return std::min<Duration>(length, kLongestDelay);
  }
};

}  // namespace

Duration draw(const Delay& delay, Roll roll, std::span<const std::string_view> groups) {
  return std::visit(Drawing{.roll = roll, .groups = groups}, delay);
}

}  // namespace millrace::sink::rules
