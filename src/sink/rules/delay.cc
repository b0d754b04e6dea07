#include "sink/rules/delay.h"

#include <algorithm>
#include <cmath>

#include "base/quantity.h"

namespace millrace::sink::rules {
namespace {

Duration bounded(Duration length) {
  return std::clamp<Duration>(length, Duration::zero(), kLongestDelay);
}

// A number of clock ticks, which may be any double.
Duration bounded(double ticks) {
  if (!(ticks > 0)) return Duration::zero();
  const Duration longest = kLongestDelay;
  if (ticks >= static_cast<double>(longest.count())) return longest;
  return Duration(static_cast<Duration::rep>(ticks));
}

double ticks(Duration duration) { return static_cast<double>(duration.count()); }

// One for each kind of delay.
struct Drawing {
  Roll roll;
  std::span<const std::string_view> groups;

  Duration operator()(const Fixed& fixed) { return std::max(fixed.length, Duration::zero()); }

  Duration operator()(const Uniform& uniform) {
    const double least = ticks(uniform.least);
    return bounded(least + roll.unit() * (ticks(uniform.most) - least));
  }

  Duration operator()(const Exponential& exponential) {
    return bounded(-ticks(exponential.mean) * std::log(1 - roll.unit()));
  }

  Duration operator()(const Lognormal& lognormal) {
    return bounded(ticks(lognormal.median) * std::exp(lognormal.sigma * roll.normal()));
  }

  Duration operator()(const Multiple& multiple) {
    const int odds = std::min(multiple.odds, 99);
    double steps = 0;
    while (static_cast<int>(roll.unit() * 100) < odds) ++steps;
    return bounded(steps * ticks(multiple.step));
  }

  Duration operator()(const OfGroup& of) {
    if (of.group >= groups.size()) return Duration::zero();
    return bounded(duration(groups[of.group]).value_or(Duration::zero()));
  }
};

}  // namespace

Duration draw(const Delay& delay, Roll roll, std::span<const std::string_view> groups) {
  return std::visit(Drawing{.roll = roll, .groups = groups}, delay);
}

}  // namespace millrace::sink::rules
