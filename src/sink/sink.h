#pragma once

#include "metrics/measurement.h"
#include "sink/options.h"

namespace millrace::sink {

// Runs the sink until SIGINT, SIGTERM or a quota ends it. Returns what was measured from the first
// session to the last, if SinkOptions::measure. Throws Fatal when it cannot start.
metrics::Measurement run_sink(const SinkOptions& options);

}  // namespace millrace::sink
