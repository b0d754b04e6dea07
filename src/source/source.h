#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "metrics/measurement.h"
#include "metrics/progress_snapshot.h"
#include "source/options.h"
#include "source/recorder.h"
#include "threads/signal_watch.h"

namespace millrace::source {

struct Result {
  // Whether all went as it should: false when the run was given up or a session was lost on the
  // way; where errors are to be counted, when nothing was delivered or more than half failed.
  bool well = false;
  int signal = 0;                    // the first that interrupted it, if one did
  metrics::Measurement measurement;  // empty unless SourceOptions::measure
  Completions completions;           // as that
};

// Called when all is ready: when the run begins, by this host's clock; nothing where it is to end
// before, which signals have told.
using AgreeOnStart = std::function<std::optional<std::chrono::system_clock::time_point>()>;

// Sends what the options ask for, until all is sent, the schedule is over, or signals come: the
// first lets finish what is under way, the second does not. Says on standard error what went
// wrong. `watch`: called about once a second when something is measured; may be empty.
// `agree`: comes before SourceOptions::start_at; may be empty, too. Throws Fatal when it cannot
// start.
Result run_source(const SourceOptions& options, threads::SignalWatch& signals,
                  const std::function<void(const metrics::ProgressSnapshot&)>& watch,
                  const AgreeOnStart& agree = {});

}  // namespace millrace::source
