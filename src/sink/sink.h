#pragma once

#include "metrics/measurement.h"
#include "sink/fellows.h"
#include "sink/options.h"
#include "sink/privileges.h"
#include "threads/signal_watch.h"

namespace millrace::sink {

struct SinkResult {
  metrics::Measurement measurement;  // from the first session to the last, if SinkOptions::measure
  bool journal_whole = true;         // false: that of SinkOptions::verify is not ended in order
};

// Listens, becomes `identity`, and runs the sink until the first of `signals` or a quota ends it.
// Throws Fatal when it cannot start.
SinkResult run_sink(const SinkOptions& options, const Identity& identity,
                    threads::SignalWatch& signals, const Fellows& fellows = {});

}  // namespace millrace::sink
