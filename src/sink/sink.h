#pragma once

#include "metrics/measurement.h"
#include "sink/options.h"
#include "sink/privileges.h"
#include "threads/signal_watch.h"

namespace millrace::sink {

// Listens, becomes `identity`, and runs the sink until the first of `signals` or a quota ends it.
// Returns what was measured from the first session to the last, if SinkOptions::measure. Throws
// Fatal when it cannot start.
metrics::Measurement run_sink(const SinkOptions& options, const Identity& identity,
                              threads::SignalWatch& signals);

}  // namespace millrace::sink
