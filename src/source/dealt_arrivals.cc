#include "source/dealt_arrivals.h"

namespace millrace::source {

void DealtArrivals::look() {
  at_hand_.reset();
  if (number_ >= load_.messages()) return;
  if (const std::optional<Duration> due = arrivals_.when(number_)) {
    at_hand_ = Arrival{.message = load_.first_number() + number_, .intended = load_.start() + *due};
  }
}

}  // namespace millrace::source
