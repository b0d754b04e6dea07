#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "metrics/measurement.h"
#include "metrics/progress_snapshot.h"
#include "source/options.h"
#include "source/recorder.h"
#include "source/stamped_runs.h"
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

// What a run has in common with others.
struct InCommon {
  // Called when all is ready: when the run begins, by this host's clock; nothing where it is to end
  // before, which signals have told. Comes before SourceOptions::start_at; empty: that alone
  // counts.
  std::function<std::optional<std::chrono::system_clock::time_point>()> agree_on_start = {};
  // Where several runs are stamped alike, whoever makes them finishes their journal; null: it is of
  // this run alone.
  StampedRuns* stamped = nullptr;
};

// Sends what the options ask for, until all is sent, the schedule is over, or signals come: the
// first lets finish what is under way, the second does not. Says on standard error what went
// wrong. `watch`: called about once a second when something is measured; may be empty. Throws Fatal
// when it cannot start.
Result run_source(const SourceOptions& options, threads::SignalWatch& signals,
                  const std::function<void(const metrics::ProgressSnapshot&)>& watch,
                  const InCommon& common = {});

}  // namespace millrace::source
