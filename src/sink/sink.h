#pragma once

#include "sink/options.h"

namespace millrace::sink {

// Runs the sink until SIGINT, SIGTERM or a quota ends it. Throws Fatal when it cannot start.
void run_sink(const SinkOptions& options);

}  // namespace millrace::sink
