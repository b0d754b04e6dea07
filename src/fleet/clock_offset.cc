#include "fleet/clock_offset.h"

namespace millrace::fleet {

void OffsetMeter::take(Microseconds began, Microseconds there, Microseconds ended) {
  ++trips_;
  if (ended < began) return;  // the clock was set meanwhile
  const ClockOffset offset{.ahead = there - (began + (ended - began) / 2),
                           .error = (ended - began + Microseconds(1)) / 2};
  if (!best_ || offset.error < best_->error) best_ = offset;
}

}  // namespace millrace::fleet
