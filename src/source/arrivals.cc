#include "source/arrivals.h"

namespace millrace::source {

std::optional<Duration> Arrivals::next(unsigned steps) {
  if (pattern_ == ArrivalPattern::constant) {
    count_ += steps;
    return schedule_.when_sum_is(static_cast<double>(count_ - 1));
  }
  for (unsigned i = 0; i < steps; ++i) sum_ += gap_(random_);
  return schedule_.when_sum_is(sum_);
}

}  // namespace millrace::source
