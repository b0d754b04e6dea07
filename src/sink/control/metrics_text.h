#pragma once

#include <string>

#include "sink/control/stats.h"

namespace millrace::sink {

// All that was counted since the sink began, in the text format of Prometheus. Names of rules are
// its user's; from clients there are the numbers of runs, which are hexadecimal digits.
std::string metrics_text(const Stats& stats, WallTime start);

}  // namespace millrace::sink
