#pragma once

#include <cstdint>
#include <optional>

#include "metrics/histogram.h"

namespace millrace::metrics {

// The percentile (`share`, 0 to 1) of `all`, in microseconds, where `latency` is of `there` of them
// and the others have none: they are behind the slowest that has. Nothing where it lies there.
std::optional<std::uint64_t> percentile_of_all(const Histogram& latency, double share,
                                               std::uint64_t there, std::uint64_t all);

}  // namespace millrace::metrics
