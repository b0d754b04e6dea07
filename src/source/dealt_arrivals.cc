#include "source/dealt_arrivals.h"

namespace millrace::source {

void DealtArrivals::advance(unsigned steps) {
  const std::optional<Duration> due = arrivals_.next(steps);
  drawn_ += steps;
  const std::uint64_t message = drawn_ - 1;
  at_hand_.reset();
  if (!due || message >= load_.messages()) return;
  at_hand_ = Arrival{.message = load_.first_number() + message, .intended = load_.start() + *due};
}

}  // namespace millrace::source
