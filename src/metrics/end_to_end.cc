#include "metrics/end_to_end.h"

#include <algorithm>
#include <cmath>

#include "metrics/percentile_of_all.h"

namespace millrace::metrics {

double EndToEnd::missing_share() const {
  const auto all = static_cast<double>(std::max<std::uint64_t>(asked, 1));
  return (static_cast<double>(asked) - static_cast<double>(arrived)) / all;
}

std::optional<std::uint64_t> EndToEnd::percentile(double share) const {
  return percentile_of_all(latency, share, arrived, asked);
}

void EndToEnd::ask_unbegun(std::uint64_t begun, std::uint64_t unbegun) {
  const double each = begun > 0 ? static_cast<double>(asked) / static_cast<double>(begun) : 1.0;
  asked +=
      static_cast<std::uint64_t>(std::ceil(std::max(each, 1.0) * static_cast<double>(unbegun)));
}

void EndToEnd::add(const EndToEnd& other) {
  asked += other.asked;
  accepted += other.accepted;
  arrived += other.arrived;
  bounced += other.bounced;
  backlog += other.backlog;
  latency.add(other.latency);
}

}  // namespace millrace::metrics
