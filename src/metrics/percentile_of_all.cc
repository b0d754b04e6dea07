#include "metrics/percentile_of_all.h"

#include <cmath>
#include <limits>

namespace millrace::metrics {

std::optional<std::uint64_t> percentile_of_all(const Histogram& latency, double share,
                                               std::uint64_t there, std::uint64_t all) {
  if (there == 0 || latency.empty()) return std::nullopt;
  if (there >= all) return latency.percentile(share);
  constexpr double kRounding = 4 * std::numeric_limits<double>::epsilon();
  const double rank = share * static_cast<double>(all);
  if (std::ceil(rank * (1 - kRounding)) > static_cast<double>(there)) return std::nullopt;
  return latency.percentile(rank / static_cast<double>(there));
}

}  // namespace millrace::metrics
