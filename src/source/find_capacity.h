#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

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

// A probe that is to be made.
struct ProbeOrder {
  Probe probe;
  std::uint64_t number = 0;         // from 0
  std::uint64_t first_message = 0;  // a number that no probe before has used
};

// The options with which a process makes probes: those that are given, and the messages that all
// of them send. Throws Fatal when there is no room for the largest one.
SourceOptions search_options(const SourceOptions& given, const CapacityTask& task);

// The options of the run that a probe is: those, but for the load.
SourceOptions probe_options(const SourceOptions& options, const CapacityTask& task,
                            const ProbeOrder& order);

// The run that a probe was.
struct ProbeRun {
  // Of all processes that made it together. Its measurement says how it ended: only one that was
  // completed is judged.
  Result run;
  // Why a generator rather than the server may have set the pace, as clauses.
  std::vector<std::string> late;
  std::uint64_t messages = 0;  // so many numbers of messages it has used, or less

  // Made by this process: the whole, or its part of it.
  static ProbeRun of(Result run, const SourceOptions& of_probe);
};

// How long the server is left alone between two probes. Where arrivals are followed, all that it
// accepted is there, and a second is enough for what else it is at.
Duration rest_between(const SourceOptions& options, const CapacityTask& task);

struct CapacityResult {
  CapacityAnswer answer;
  // The run that says most of it: of the level that held, where one did, else the last one. `well`:
  // no run was given up, and something was delivered at all.
  Result run;
  std::uint64_t number = 0;  // of that probe, from 0
};

// What the terms of a search say of a probe.
struct Judgement {
  bool holds = false;  // what was measured is as it should be
  // Where it is not: why the generator rather than the server may have made it so, as clauses; none
  // if not.
  std::vector<std::string> late = {};
};

// Who makes probes, who decides about them, and who is told.
struct CapacityCallbacks {
  // Makes a probe, as a run with these options (probe_options()): when it is over, so is all that
  // was begun. `stamped`: as InCommon has it. Throws Fatal when it cannot start.
  std::function<ProbeRun(const ProbeOrder& order, const SourceOptions& of_probe,
                         StampedRuns* stamped)>
      run;
  // Judges what was measured.
  std::function<Judgement(const Probe& probe, const metrics::Measurement& measurement)> judge;
  // A probe is over. `reason`: why nothing is known of the server, where a generator was late; else
  // probe_shortfall().
  std::function<void(const Probe& probe, ProbeOutcome outcome,
                     const metrics::Measurement& measurement, const std::string& reason)>
      told;
};

// Probes level after level until the search has its answer, or a signal comes. Each probe is a run
// of its own; the numbers of their messages go on from one to the next, and their stamps and the
// journal are of one run. One for which the generator was late is not judged, nor is one in which a
// signal ended the wait for what had not arrived. Throws Fatal when there is no room for the
// largest one, or the first one cannot start; another that cannot gives the search up, and why is
// told.
CapacityResult find_capacity(const SourceOptions& options, const CapacityTask& task,
                             threads::SignalWatch& signals, const CapacityCallbacks& callbacks);

}  // namespace millrace::source
