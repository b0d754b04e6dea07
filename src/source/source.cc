#include "source/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/counter_line.h"
#include "base/diagnostics.h"
#include "base/quantity.h"
#include "source/affordable.h"
#include "source/agreed_start.h"
#include "source/message_log.h"
#include "source/recordings.h"
#include "source/run.h"
#include "source/worker.h"
#include "threads/worker_threads.h"

namespace millrace::source {

namespace {

using std::chrono::seconds;

// After the end of a second, until all threads have told what they measured in it.
constexpr std::chrono::milliseconds kSnapshotDelay{30};

// From when all threads are ready to the first arrival of open loop, which is not to be late.
constexpr std::chrono::milliseconds kLead{5};

std::string describe(const Run::Handshakes& handshakes) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(handshakes.total);
  return fmt::format(
      "TLS: {} handshake{}, {} resumed, {} us each", handshakes.done, plural(handshakes.done),
      handshakes.resumed,
      microseconds.count() / static_cast<long>(std::max<std::uint64_t>(1, handshakes.done)));
}

metrics::ProgressSnapshot snapshot(const Run& run, const metrics::Timeline& timeline, TimePoint now,
                                   bool interrupted, std::uint64_t& seen) {
  const Schedule& schedule = run.load().schedule();
  metrics::ProgressSnapshot snapshot{.elapsed = now - run.load().start(),
                                     .second = timeline.latest(seen)};
  if (snapshot.second) seen = snapshot.second->number + 1;
  if (schedule.end() != Stage::kEndless) snapshot.length = schedule.end();
  snapshot.stage = schedule.stages()[schedule.stage_at(snapshot.elapsed)].name;
  snapshot.winding_up = interrupted || run.load().past_end(now);
  if (run.options().load.open_loop && !snapshot.winding_up) {
    snapshot.asked = schedule.level_at(snapshot.elapsed) / run.options().part.of;
  }
  return snapshot;
}

// Gives the run up when so much of it has failed that nothing is to be learnt from the rest.
void abort_if_hopeless(Run& run, const metrics::Timeline& timeline) {
  constexpr std::uint64_t kEnough = 20;  // messages, before a share of them means anything
  const std::optional<double> limit = run.options().load.abort_share;
  if (!limit) return;
  const metrics::Counters so_far = timeline.so_far();
  const std::uint64_t ended = so_far.delivered + so_far.failed();
  const double share = static_cast<double>(so_far.failed()) / static_cast<double>(ended);
  if (ended < kEnough || share <= *limit) return;
  run.fail(fmt::format("gave up: {:.1f}% of {} messages failed, more than {:.4g}% (--abort-on)",
                       share * 100, ended, *limit * 100));
}

// Waits for the workers; calls `look` at the end of each second, when all have told what they
// measured in it, and shows the counter. Either may be missing.
void wait_for_end(threads::WorkerThreads& workers, const Run& run,
                  const std::function<void()>& look, CounterLine* counter) {
  constexpr TimePoint kNever = TimePoint::max();
  TimePoint next_look = look ? run.load().start() + seconds(1) + kSnapshotDelay : kNever;
  TimePoint next_count = counter != nullptr ? Clock::now() + CounterLine::kInterval : kNever;
  while (!workers.wait_until(std::min(next_look, next_count))) {
    if (Clock::now() >= next_count) {
      counter->show(std::to_string(run.messages_sent()));
      next_count = Clock::now() + CounterLine::kInterval;
    }
    if (Clock::now() < next_look) continue;
    look();
    next_look = std::max(next_look + seconds(1), Clock::now());
  }
}

// A run whose messages are followed behind the server, as long as it is there.
class Followed {
 public:
  // Has `behind`, null where nobody follows, begin with the run, and give it up where it cannot.
  // Before the run has its start.
  Followed(EndToEndWatch* behind, Run& run) : behind_(behind) {
    if (behind_ == nullptr) return;
    behind_->begin(run.load(), [&run](const std::string& what) { run.fail(what); });
  }
  Followed(const Followed&) = delete;
  Followed& operator=(const Followed&) = delete;
  ~Followed() {
    if (behind_ != nullptr) behind_->let_go();
  }

  // The run has its start.
  void started(const SharedLoad& load) {
    if (behind_ != nullptr) behind_->started(load.end());
  }

 private:
  EndToEndWatch* const behind_;
};

}  // namespace

Result run_source(const SourceOptions& options, threads::SignalWatch& signals,
                  const std::function<void(const metrics::ProgressSnapshot&)>& watch,
                  const InCommon& common) {
  afford_descriptors(options);
  threads::WorkerThreads workers(options.threads, signals);
  Run run(options, [&workers] { workers.end(threads::Urgency::at_once); });
  std::optional<Recordings> recordings;
  if (options.measure) recordings.emplace(run);
  std::optional<MessageLog> log;
  if (options.log) log.emplace(*options.log, options.threads);
  std::optional<StampedRuns> own;  // of this run alone
  StampedRuns* stamped = common.stamped;
  if (options.stamp && stamped == nullptr) stamped = &own.emplace(options, run.workload(), signals);
  EndToEndWatch* const behind =
      stamped != nullptr && stamped->end_to_end ? &*stamped->end_to_end : nullptr;
  try {
    workers.start([&](unsigned number) {
      const Worker::Shared shared{
          .recordings = recordings ? &*recordings : nullptr,
          .log = log ? &log->of_worker(number) : nullptr,
          .journal = stamped != nullptr ? &stamped->journal : nullptr,
          .acceptances = behind != nullptr ? &behind->of_worker(number) : nullptr,
          .urgency = [&workers] { return workers.urgency(); }};
      return std::make_unique<Worker>(run, shared, number, options.threads);
    });
  } catch (const Fatal& error) {
    run.fail(error.what());
  }
  Followed followed(behind, run);
  const Duration lead = options.load.open_loop ? kLead : Duration::zero();
  const auto start_at =
      common.agree_on_start && !run.failed() ? common.agree_on_start() : options.start_at;
  const bool agreed = start_at && wait_for(*start_at, lead, workers);
  const auto now = std::chrono::system_clock::now();
  const auto start = agreed ? *start_at : now + lead;
  run.load().begin(Clock::now() + (start - now));
  followed.started(run.load());
  workers.go();
  std::optional<metrics::AgreedStart> agreed_start;
  if (agreed) agreed_start = begun_at(start);

  std::optional<CounterLine> counter;
  if (options.show_counter) counter.emplace("0");
  std::function<void()> look;
  std::uint64_t seen = 0;
  if (recordings && (watch || options.load.abort_share)) {
    look = [&] {
      abort_if_hopeless(run, recordings->timeline());
      if (!watch) return;
      metrics::ProgressSnapshot now =
          snapshot(run, recordings->timeline(), Clock::now(), signals.first() != 0, seen);
      if (behind != nullptr) now.backlog = behind->waiting();
      watch(now);
    };
  }
  wait_for_end(workers, run, look, counter ? &*counter : nullptr);
  workers.join();
  const bool cut_short = signals.first() != 0;
  std::optional<metrics::EndToEnd> end_to_end;
  if (behind != nullptr && !run.failed()) end_to_end = behind->finish();
  Result result{.signal = signals.first()};
  if (counter) counter->end(std::to_string(run.messages_sent()));
  if (options.verbose && options.turns_to_tls()) inform(describe(run.handshakes()));

  if (recordings) {
    result.measurement = recordings->measurement(start, cut_short);
    result.completions = recordings->completions();
  }
  result.measurement.agreed_start = agreed_start;
  if (log) result.measurement.log = log->finish();
  if (end_to_end) {
    const metrics::Counters& counters = result.measurement.total.counters;
    const std::uint64_t unbegun = counters.unstarted + counters.shed;
    end_to_end->ask_unbegun(counters.delivered + counters.failed() - unbegun, unbegun);
  }
  result.measurement.end_to_end = std::move(end_to_end);
  if (own) result.measurement.proof = own->journal.finish();
  const bool carried = options.on_trouble == OnTrouble::count ? result.measurement.carried()
                                                              : run.sessions_lost() == 0;
  // Of clients that misbehave nobody expects that they are served: it is enough that somebody was
  // there.
  const bool served = options.sessions > 0 ? carried : result.measurement.client_connections() > 0;
  result.well = !run.failed() && served && (!own || own->journal.whole());
  return result;
}

}  // namespace millrace::source
