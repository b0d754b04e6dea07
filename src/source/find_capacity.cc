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
#include "source/kept_runs.h"
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

// What cannot start behind others ends the search, and not what these have found.
std::optional<ProbeRun> make_probe(const CapacityCallbacks& callbacks, const ProbeOrder& order,
                                   const SourceOptions& of_probe, StampedRuns* stamped) {
  try {
    return callbacks.run(order, of_probe, stamped);
  } catch (const Fatal& error) {
    if (order.number == 0) throw;
    warn(error.what());
    return std::nullopt;
  }
}

// How a probe came to its end: it was interrupted, too, where a signal ended the wait for what had
// not arrived, which might have.
metrics::Ending ending_of(const Result& run) {
  const auto& behind = run.measurement.end_to_end;
  const bool wait_was_cut = run.signal != 0 && behind && behind->missing() > 0;
  return std::max(run.measurement.ending,
                  wait_was_cut ? metrics::Ending::interrupted : metrics::Ending::completed);
}

struct Finding {
  ProbeOutcome outcome;
  std::string reason;  // as it is told
};

// What a probe that was completed has found.
Finding finding_of(const ProbeRun& made, const CapacityTask& task, const Probe& probe,
                   const CapacityCallbacks& callbacks) {
  const std::string shortfall = probe_shortfall(made.run, task, probe);
  const Judgement judged = callbacks.judge(probe, made.run.measurement);
  const bool falls_behind = !shortfall.empty();
  const bool is_excused = made.late.empty() && !falls_behind && !judged.holds;
  const std::vector<std::string>& late = is_excused ? judged.late : made.late;
  if (!late.empty()) return {ProbeOutcome::late, fmt::format("{}", fmt::join(late, ", "))};
  return {judged.holds && !falls_behind ? ProbeOutcome::held : ProbeOutcome::missed, shortfall};
}

// That no probe will be found to be too large when others have been made. Those of rates are alike.
void afford(const SourceOptions& options, const CapacityTask& task) {
  if (task.of == LevelOf::rate) return afford_descriptors(options);
  const SourceOptions largest = probe_options(options, task, {.probe = {.level = task.range.high}});
  constexpr std::string_view kOption = "--session-range";
  afford_descriptors(largest, kOption);
  afford_ports(largest, kOption);
}

}  // namespace

SourceOptions search_options(const SourceOptions& given, const CapacityTask& task) {
  afford(given, task);
  SourceOptions options = given;
  options.traffic = workload_of(given);
  return options;
}

SourceOptions probe_options(const SourceOptions& options, const CapacityTask& task,
                            const ProbeOrder& order) {
  const Probe& probe = order.probe;
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
  load.seed += order.number;  // what happens by chance is not to happen in each
  load.first_message = order.first_message;
  if (task.of == LevelOf::sessions) of_probe.sessions = static_cast<unsigned>(probe.level);
  of_probe.threads = std::min(options.threads, of_probe.own_sessions());
  return of_probe;
}

// Sessions begin with messages of their own numbers; behind them each part has one of so many as
// there are parts.
ProbeRun ProbeRun::of(Result run, const SourceOptions& of_probe) {
  const auto used = [](const metrics::Counters& counters) {
    return counters.started + counters.unstarted + counters.shed;
  };
  const metrics::Measurement& measured = run.measurement;
  const std::uint64_t own = used(measured.total.counters) + used(measured.warmup);
  std::vector<std::string> late = measured.limits();
  return {.run = std::move(run),
          .late = std::move(late),
          .messages = own * of_probe.part.of + of_probe.sessions};
}

Duration rest_between(const SourceOptions& options, const CapacityTask& task) {
  constexpr std::chrono::seconds kMoment{1};
  return options.end_to_end ? std::min<Duration>(task.settle, kMoment) : task.settle;
}

CapacityResult find_capacity(const SourceOptions& given, const CapacityTask& task,
                             threads::SignalWatch& signals, const CapacityCallbacks& callbacks) {
  const SourceOptions options = search_options(given, task);
  std::optional<StampedRuns> stamped;
  if (options.stamp) stamped.emplace(options, *options.traffic, signals);
  CapacitySearch search(task.range);
  CapacityResult result;
  KeptRuns kept;
  std::uint64_t first_message = 0;
  metrics::Ending ending = metrics::Ending::completed;
  bool delivered = false;
  // Where a signal has come before the first one, that says so.
  for (std::uint64_t number = 0; number == 0 || signals.first() == 0; ++number) {
    const auto next = search.next();
    if (std::holds_alternative<CapacityAnswer>(next)) break;
    if (number > 0) rest(signals, rest_between(options, task));
    if (number > 0 && signals.first() != 0) break;
    const ProbeOrder order{
        .probe = std::get<Probe>(next), .number = number, .first_message = first_message};
    const Probe& probe = order.probe;
    std::optional<ProbeRun> made = make_probe(callbacks, order, probe_options(options, task, order),
                                              stamped ? &*stamped : nullptr);
    ending = made ? ending_of(made->run) : metrics::Ending::failed;
    if (!made) break;
    const auto keep = [&](bool held) {
      kept.take({.level = probe.level, .held = held, .number = number, .run = std::move(made->run)},
                search.so_far());
    };
    const metrics::Measurement& measured = made->run.measurement;
    delivered = delivered || measured.total.counters.delivered + measured.warmup.delivered > 0;
    first_message += made->messages;
    // One that was cut short says nothing.
    if (ending != metrics::Ending::completed) {
      keep(false);
      break;
    }
    const Finding found = finding_of(*made, task, probe, callbacks);
    callbacks.told(probe, found.outcome, measured, found.reason);
    search.found(found.outcome);
    keep(found.outcome == ProbeOutcome::held);
  }
  result.answer = search.so_far();
  EndedProbe& told = kept.of(result.answer);
  result.run = std::move(told.run);
  result.number = told.number;
  if (stamped) result.run.measurement.proof = stamped->journal.finish();
  if (signals.first() != 0) ending = std::max(ending, metrics::Ending::interrupted);
  result.run.measurement.ending = ending;
  result.run.well =
      ending != metrics::Ending::failed && delivered && (!stamped || stamped->journal.whole());
  result.run.signal = signals.first();
  return result;
}

}  // namespace millrace::source
