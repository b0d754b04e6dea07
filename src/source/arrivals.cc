#include "source/arrivals.h"

namespace millrace::source {

std::optional<Duration> Arrivals::next() {
  if (pattern_ == ArrivalPattern::constant) {
    return schedule_.when_sum_is(static_cast<double>(count_++));
  }
  sum_ += gap_(random_);
  return schedule_.when_sum_is(sum_);
}

}  // namespace millrace::source
