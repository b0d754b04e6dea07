#include "metrics/end_to_end.h"

#include <algorithm>

namespace millrace::metrics {

double EndToEnd::missing_share() const {
  const auto all = static_cast<double>(std::max<std::uint64_t>(accepted, 1));
  return static_cast<double>(not_arrived()) / all;
}

void EndToEnd::add(const EndToEnd& other) {
  accepted += other.accepted;
  arrived += other.arrived;
  bounced += other.bounced;
  backlog += other.backlog;
  latency.add(other.latency);
}

}  // namespace millrace::metrics
