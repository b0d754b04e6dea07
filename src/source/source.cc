#include "source/source.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/counter_line.h"
#include "base/diagnostics.h"
#include "base/quantity.h"
#include "net/signal_watch.h"
#include "net/wake_up.h"
#include "source/run.h"
#include "source/worker.h"

namespace millrace::source {

namespace {

using std::chrono::seconds;

// After the end of a second, until all threads have told what they measured in it.
constexpr std::chrono::milliseconds kSnapshotDelay{30};

// The loop's own and its wake-up; and what is needed for a moment, as for a report.
constexpr std::size_t kDescriptorsAThread = 2;
constexpr std::size_t kSpareDescriptors = 8;

// From when all threads are ready to the first arrival of open loop, which is not to be late.
constexpr std::chrono::milliseconds kLead{5};

std::string describe(const Run::Handshakes& handshakes) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(handshakes.total);
  return fmt::format(
      "TLS: {} handshake{}, {} resumed, {} us each", handshakes.done, plural(handshakes.done),
      handshakes.resumed,
      microseconds.count() / static_cast<long>(std::max<std::uint64_t>(1, handshakes.done)));
}

// What all threads measured, put together as each of them ends.
class Harvest {
 public:
  explicit Harvest(const Run& run) : run_(run), stages_(run.load().schedule().stages().size()) {}

  void add(Recorder& recorder) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < stages_.size(); ++i) stages_[i].add(recorder.stages()[i]);
    generator_.add(recorder.generator());
    last_over_ = std::max(last_over_, recorder.last_over());
  }

  metrics::Measurement measurement(std::chrono::system_clock::time_point start,
                                   metrics::Timeline& timeline);

 private:
  [[nodiscard]] Duration elapsed() const;
  void split(metrics::Measurement& whole);
  void complete(metrics::Row& row, Duration elapsed) const;

  const Run& run_;
  std::mutex mutex_;
  std::vector<metrics::Metrics> stages_;
  metrics::Generator generator_;
  TimePoint last_over_ = run_.load().start();
};

metrics::Measurement Harvest::measurement(std::chrono::system_clock::time_point start,
                                          metrics::Timeline& timeline) {
  metrics::Measurement whole;
  whole.start = start;
  whole.open_loop = run_.options().load.open_loop;
  whole.generator = generator_;
  whole.ending = run_.failed()           ? metrics::Ending::failed
                 : run_.interrupts() > 0 ? metrics::Ending::interrupted
                                         : metrics::Ending::completed;
  split(whole);
  whole.elapsed = elapsed();
  whole.measured = whole.elapsed;
  for (const Stage& stage : run_.load().schedule().stages()) {
    if (!stage.measured) whole.measured -= std::min(stage.length, whole.measured);
  }
  whole.series = timeline.rows();
  for (metrics::Row& row : whole.series) complete(row, whole.elapsed);
  metrics::fold_tail(whole.series);
  return whole;
}

// Until the last message was over; but a schedule that ran to its end lasted at least as long.
Duration Harvest::elapsed() const {
  std::uint64_t started = 0;
  for (const metrics::Metrics& stage : stages_) started += stage.counters.started;
  // A thread that failed before the start has told nothing.
  const Duration until_last = std::max(last_over_ - run_.load().start(), Duration::zero());
  const bool cut_short =
      run_.failed() || run_.interrupts() > 0 || started >= run_.options().messages;
  if (cut_short || run_.load().end() == TimePoint::max()) return until_last;
  return std::max(until_last, run_.load().schedule().end());
}

void Harvest::split(metrics::Measurement& whole) {
  const Schedule& schedule = run_.load().schedule();
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = schedule.stages()[i];
    if (!stage.measured) {
      whole.warmup.add(stages_[i].counters);
      continue;
    }
    whole.total.add(stages_[i]);
    whole.stages.push_back({.name = stage.name,
                            .begin = schedule.begin_of(i),
                            .length = stage.length,
                            .metrics = std::move(stages_[i])});
  }
}

void Harvest::complete(metrics::Row& row, Duration elapsed) const {
  const Duration begin = seconds(row.number);
  const Duration end = std::min<Duration>(begin + seconds(1), elapsed);
  row.length = in_seconds(end - begin);
  const Schedule& schedule = run_.load().schedule();
  row.stage = schedule.stages()[schedule.stage_at(begin + (end - begin) / 2)].name;
  if (!run_.options().load.open_loop || row.length <= 0) return;
  row.asked = schedule.sum_until(end) - schedule.sum_until(begin);
}

// The threads of a run, as the one that waits for them sees them.
class Crew {
 public:
  explicit Crew(unsigned threads) : ready(threads), go(1), finished(threads), running(threads) {
    for (unsigned i = 0; i < threads; ++i) wake_ups.push_back(std::make_unique<net::WakeUp>());
  }

  void wake_all() const {
    for (const auto& wake_up : wake_ups) wake_up->wake();
  }
  void leave(unsigned threads = 1) {
    if ((running -= threads) == 0) end.wake();
  }
  // So many have not begun and never will.
  void go_without(std::size_t threads) {
    const auto number = static_cast<unsigned>(threads);
    ready.count_down(number);
    finished.count_down(number);
    leave(number);
  }

  std::vector<std::unique_ptr<net::WakeUp>> wake_ups;
  std::latch ready;
  std::latch go;
  // All loops go together: liburing unmaps a ring by bare system calls, and ThreadSanitizer would
  // take the ring that another thread maps in its place for the old one.
  std::latch finished;
  net::WakeUp end;

 private:
  std::atomic<unsigned> running;
};

void run_worker(Run& run, Crew& crew, Harvest& harvest, unsigned number) {
  try {
    Worker worker(run, number, run.options().threads);
    crew.wake_ups[number]->attach(worker.loop(), [&worker] { worker.follow_run(); });
    crew.ready.count_down();
    crew.go.wait();
    worker.begin();
    worker.run();
    if (Recorder* const recorder = worker.recorder()) harvest.add(*recorder);
    crew.finished.arrive_and_wait();
  } catch (const Fatal& error) {  // it could not begin
    run.fail(error.what());
    crew.ready.count_down();
    crew.finished.count_down();
  }
  crew.leave();
}

// Sees to it that every session can have a socket. Throws Fatal.
void afford(const SourceOptions& options) {
  const std::size_t limit = net::raise_descriptor_limit();
  const std::size_t others =
      net::open_descriptors() + options.threads * kDescriptorsAThread + kSpareDescriptors;
  if (options.sessions + others <= limit) return;
  throw Fatal(
      fmt::format("{} session{} (-s) and {} other files are more than the {} open files "
                  "that this process may have: raise that limit (ulimit -n), or ask for "
                  "fewer sessions",
                  options.sessions, plural(options.sessions), others, limit));
}

std::string cannot_start(std::size_t started, unsigned threads, const std::system_error& error) {
  return describe_error(
      fmt::format("cannot start thread {} of {} (--threads)", started + 1, threads),
      error.code().value());
}

metrics::ProgressSnapshot snapshot(Run& run, TimePoint now, std::uint64_t& seen) {
  const Schedule& schedule = run.load().schedule();
  metrics::ProgressSnapshot snapshot{.elapsed = now - run.load().start(),
                                     .second = run.timeline()->latest(seen)};
  if (snapshot.second) seen = snapshot.second->number + 1;
  if (schedule.end() != Stage::kEndless) snapshot.length = schedule.end();
  snapshot.stage = schedule.stages()[schedule.stage_at(snapshot.elapsed)].name;
  snapshot.winding_up = run.interrupts() > 0 || run.load().past_end(now);
  if (run.options().load.open_loop && !snapshot.winding_up) {
    snapshot.asked = schedule.level_at(snapshot.elapsed);
  }
  return snapshot;
}

// Gives the run up when so much of it has failed that nothing is to be learnt from the rest.
void abort_if_hopeless(Run& run) {
  constexpr std::uint64_t kEnough = 20;  // messages, before a share of them means anything
  const std::optional<double> limit = run.options().load.abort_share;
  if (!limit) return;
  const metrics::Counters so_far = run.timeline()->so_far();
  const std::uint64_t ended = so_far.delivered + so_far.failed();
  const double share = static_cast<double>(so_far.failed()) / static_cast<double>(ended);
  if (ended < kEnough || share <= *limit) return;
  run.fail(fmt::format("gave up: {:.1f}% of {} messages failed, more than {:.4g}% (--abort-on)",
                       share * 100, ended, *limit * 100));
}

// Waits for the workers; tells `watch` how it goes and shows the counter, if there is one.
void wait_for_end(Run& run, const Crew& crew,
                  const std::function<void(const metrics::ProgressSnapshot&)>& watch,
                  CounterLine* counter) {
  constexpr TimePoint kNever = TimePoint::max();
  std::uint64_t seen = 0;
  const bool watched = run.timeline() != nullptr && (watch || run.options().load.abort_share);
  TimePoint next_look = watched ? run.load().start() + seconds(1) + kSnapshotDelay : kNever;
  TimePoint next_count = counter != nullptr ? Clock::now() + CounterLine::kInterval : kNever;
  pollfd end{crew.end.descriptor(), POLLIN, 0};
  for (;;) {
    const TimePoint next = std::min(next_look, next_count);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    if (poll(&end, 1, next == kNever ? -1 : static_cast<int>(std::max(left, 0L))) > 0) return;
    if (Clock::now() >= next_count) {
      counter->show(std::to_string(run.messages_sent()));
      next_count = Clock::now() + CounterLine::kInterval;
    }
    if (Clock::now() < next_look) continue;
    abort_if_hopeless(run);
    if (watch) watch(snapshot(run, Clock::now(), seen));
    next_look = std::max(next_look + seconds(1), Clock::now());
  }
}

}  // namespace

Result run_source(const SourceOptions& options, net::SignalWatch& signals,
                  const std::function<void(const metrics::ProgressSnapshot&)>& watch) {
  afford(options);
  Crew crew(options.threads);
  Run run(options, [&crew] { crew.wake_all(); });
  Harvest harvest(run);
  std::vector<std::thread> threads;
  try {
    for (unsigned i = 0; i < options.threads; ++i) {
      threads.emplace_back([&, i] { run_worker(run, crew, harvest, i); });
    }
  } catch (const std::system_error& error) {
    run.fail(cannot_start(threads.size(), options.threads, error));
    crew.go_without(options.threads - threads.size());
  }
  crew.ready.wait();
  const Duration lead = options.load.open_loop ? kLead : Duration::zero();
  const auto start = std::chrono::system_clock::now() + lead;
  run.load().begin(Clock::now() + lead);
  crew.go.count_down();
  std::optional<CounterLine> counter;
  if (options.show_counter) counter.emplace("0");
  signals.hand_on([&] {
    run.interrupt();
    crew.wake_all();
  });
  wait_for_end(run, crew, watch, counter ? &*counter : nullptr);
  signals.hand_on({});
  Result result{.signal = signals.first()};
  for (std::thread& thread : threads) thread.join();
  if (counter) counter->end(std::to_string(run.messages_sent()));
  if (options.verbose && options.tls) inform(describe(run.handshakes()));

  if (options.measure) result.measurement = harvest.measurement(start, *run.timeline());
  const bool carried = options.on_trouble == OnTrouble::count ? result.measurement.carried()
                                                              : run.sessions_lost() == 0;
  result.well = !run.failed() && carried;
  return result;
}

}  // namespace millrace::source
