#pragma once

#include <vector>

#include "metrics/client_metrics.h"
#include "report/writer.h"

namespace millrace::report {

// The part of a summary about clients that misbehave, where there are any: apart from all its other
// figures, which are of good ones.
void write_clients(Writer& out, const std::vector<metrics::ClientMetrics>& clients);

}  // namespace millrace::report
