#include "source/dealt_arrivals.h"

namespace millrace::source {

void DealtArrivals::advance(unsigned steps) {
  std::optional<Duration> due;
  for (unsigned i = 0; i < steps; ++i) {
    due = arrivals_.next();
    ++drawn_;
  }
  const std::uint64_t message = drawn_ - 1;
  at_hand_.reset();
  if (!due || message >= load_.messages()) return;
  at_hand_ = Arrival{.message = load_.first_number() + message, .intended = load_.start() + *due};
}

}  // namespace millrace::source
