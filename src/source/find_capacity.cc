#include "source/find_capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/diagnostics.h"
#include "source/affordable.h"
#include "source/kept_run.h"
#include "source/probe_shortfall.h"

namespace millrace::source {
namespace {

// Sleeps so long, or until a signal comes.
void rest(threads::SignalWatch& signals, Duration length) {
  std::mutex mutex;
  std::condition_variable come;
  bool ended = false;
  signals.hand_on([&](unsigned /*number*/) {
    const std::lock_guard lock(mutex);
    ended = true;
    come.notify_one();
  });
  {
    std::unique_lock lock(mutex);
    come.wait_for(lock, length, [&] { return ended; });
  }
  signals.hand_on({});
}

ProbeOutcome outcome_of(const metrics::Measurement& measurement, bool holds) {
  if (!measurement.limits().empty()) return ProbeOutcome::late;
  return holds ? ProbeOutcome::held : ProbeOutcome::missed;
}

// At least as many as there are numbers of messages that it has used.
std::uint64_t messages_used(const metrics::Measurement& measurement, unsigned sessions) {
  const auto used = [](const metrics::Counters& counters) {
    return counters.started + counters.unstarted + counters.shed;
  };
  return used(measurement.total.counters) + used(measurement.warmup) + sessions;
}

// What cannot start behind others ends the search, and not what these have found.
std::optional<Result> run_probe(const SourceOptions& options, threads::SignalWatch& signals,
                                const CapacityCallbacks& callbacks, StampedRuns* stamped,
                                std::uint64_t number) {
  try {
    return run_source(options, signals, callbacks.watch, {.stamped = stamped});
  } catch (const Fatal& error) {
    if (number == 0) throw;
    warn(error.what());
    return std::nullopt;
  }
}

// That no probe will be found to be too large when others have been made. Those of rates are alike.
void afford(const SourceOptions& options, const CapacityTask& task) {
  if (task.of == LevelOf::rate) return afford_descriptors(options);
  const SourceOptions largest = probe_options(options, task, {.level = task.range.high}, 0, 0);
  constexpr std::string_view kOption = "--session-range";
  afford_descriptors(largest, kOption);
  afford_ports(largest, kOption);
}

}  // namespace

SourceOptions probe_options(const SourceOptions& options, const CapacityTask& task,
                            const Probe& probe, std::uint64_t number, std::uint64_t first_message) {
  SourceOptions of_probe = options;
  const Duration length = probe.confirms ? task.confirm : task.probe;
  const std::string name =
      fmt::format("{:.9g}{}{}", probe.level, task.of == LevelOf::rate ? "/s" : " sessions",
                  probe.confirms ? ", to confirm" : "");
  Load& load = of_probe.load;
  load.schedule.clear();
  if (task.warmup > Duration::zero()) {
    load.schedule.push_back({.name = "warm-up",
                             .length = task.warmup,
                             .from = probe.level,
                             .to = probe.level,
                             .measured = false});
  }
  load.schedule.push_back({.name = name, .length = length, .from = probe.level, .to = probe.level});
  load.seed += number;  // what happens by chance is not to happen in each
  load.first_message = first_message;
  if (task.of == LevelOf::sessions) of_probe.sessions = static_cast<unsigned>(probe.level);
  of_probe.threads = std::min(options.threads, of_probe.own_sessions());
  return of_probe;
}

Duration rest_between(const SourceOptions& options, const CapacityTask& task) {
  constexpr std::chrono::seconds kMoment{1};
  return options.end_to_end ? std::min<Duration>(task.settle, kMoment) : task.settle;
}

CapacityResult find_capacity(const SourceOptions& given, const CapacityTask& task,
                             threads::SignalWatch& signals, const CapacityCallbacks& callbacks) {
  afford(given, task);
  SourceOptions options = given;
  options.traffic = workload_of(given);  // of which all probes send
  std::optional<StampedRuns> stamped;
  if (options.stamp) stamped.emplace(options, *options.traffic, signals);
  CapacitySearch search(task.range);
  KeptRun kept;
  std::uint64_t first_message = 0;
  bool given_up = false;
  bool delivered = false;
  for (std::uint64_t number = 0; !given_up && signals.first() == 0; ++number) {
    const auto next = search.next();
    if (std::holds_alternative<CapacityAnswer>(next)) break;
    if (number > 0) rest(signals, rest_between(options, task));
    if (signals.first() != 0) break;
    const Probe probe = std::get<Probe>(next);
    const SourceOptions of_probe = probe_options(options, task, probe, number, first_message);
    std::optional<Result> started =
        run_probe(of_probe, signals, callbacks, stamped ? &*stamped : nullptr, number);
    given_up = !started;
    if (given_up) break;
    Result run = std::move(*started);
    const metrics::Measurement& measured = run.measurement;
    given_up = measured.ending == metrics::Ending::failed;
    delivered = delivered || measured.total.counters.delivered + measured.warmup.delivered > 0;
    first_message += messages_used(measured, of_probe.sessions);
    // One that was cut short says nothing.
    if (given_up || run.signal != 0) {
      kept.take(probe.level, false, search.so_far().level, std::move(run));
      break;
    }
    const std::string shortfall = probe_shortfall(run, task, probe);
    const bool holds = shortfall.empty() && callbacks.holds(measured);
    const ProbeOutcome outcome = outcome_of(measured, holds);
    callbacks.told(probe, outcome, measured, shortfall);
    search.found(outcome);
    kept.take(probe.level, outcome == ProbeOutcome::held, search.so_far().level, std::move(run));
  }
  CapacityResult result{.answer = search.so_far(), .run = std::move(kept.run())};
  if (stamped) result.run.measurement.proof = stamped->journal.finish();
  result.run.well = !given_up && delivered && (!stamped || stamped->journal.whole());
  result.run.signal = signals.first();
  metrics::Ending& ending = result.run.measurement.ending;
  if (given_up) ending = metrics::Ending::failed;
  if (!given_up && result.run.signal != 0) ending = metrics::Ending::interrupted;
  return result;
}

}  // namespace millrace::source
