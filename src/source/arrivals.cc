#include "source/arrivals.h"

namespace millrace::source {

std::optional<Duration> Arrivals::when(std::uint64_t number) {
  return schedule_.when_sum_is(poisson_ ? poisson_->sum_of(number + 1)
                                        : static_cast<double>(number));
}

}  // namespace millrace::source
