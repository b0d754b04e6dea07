#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "metrics/measurement.h"
#include "source/capacity_search.h"
#include "source/options.h"
#include "source/source.h"
#include "threads/signal_watch.h"

namespace millrace::source {

// What the level of a search is.
enum class LevelOf : std::uint8_t { rate, sessions };

// A search for the highest level that a server holds, and how it is carried out.
struct CapacityTask {
  LevelOf of = LevelOf::rate;
  CapacityRange range;
  Duration probe{};    // how long one lasts, behind its warm-up
  Duration confirm{};  // the same of those that confirm
  Duration warmup{};   // of each
  Duration settle{};   // between two of them
};

// The options of the run that a probe is: those that are given, but for the load. `number`: of the
// probe, from 0. `first_message`: one that no probe before has sent.
SourceOptions probe_options(const SourceOptions& options, const CapacityTask& task,
                            const Probe& probe, std::uint64_t number, std::uint64_t first_message);

// How long the server is left alone between two probes. Where arrivals are followed, all that it
// accepted is there, and a second is enough for what else it is at.
Duration rest_between(const SourceOptions& options, const CapacityTask& task);

struct CapacityResult {
  CapacityAnswer answer;
  // The run that says most of it: of the level that held, where one did, else the last one. `well`:
  // no run was given up, and something was delivered at all.
  Result run;
};

// Who decides about probes, and who is told of them.
struct CapacityCallbacks {
  // Whether what was measured is as it should be.
  std::function<bool(const metrics::Measurement& measurement)> holds;
  // As that of run_source(); may be empty.
  std::function<void(const metrics::ProgressSnapshot& snapshot)> watch;
  // A probe is over. `shortfall`: probe_shortfall().
  std::function<void(const Probe& probe, ProbeOutcome outcome,
                     const metrics::Measurement& measurement, const std::string& shortfall)>
      told;
};

// Probes level after level until the search has its answer, or a signal comes. Each probe is a run
// of its own (run_source()), in which all that was begun is over before the next one begins; the
// numbers of their messages go on from one to the next, and their stamps and the journal are of one
// run. One for which the generator was late is not judged. Throws Fatal when there is no room for
// the largest one, or the first one cannot start; another that cannot gives the search up, and why
// is told.
CapacityResult find_capacity(const SourceOptions& options, const CapacityTask& task,
                             threads::SignalWatch& signals, const CapacityCallbacks& callbacks);

}  // namespace millrace::source
