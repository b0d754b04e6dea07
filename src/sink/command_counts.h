#pragma once

#include <array>
#include <cstdint>

#include "metrics/reply_counts.h"

namespace millrace::sink {

// How often each command came, answered or not: in the places of metrics::ReplyCounts.
using CommandCounts = std::array<std::uint64_t, metrics::ReplyCounts::kCommands>;

}  // namespace millrace::sink
