#include "source/worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/diagnostics.h"
#include "base/quantity.h"

namespace millrace::source {
namespace {

// How long the kernel may take to let go of the connections of a run that ends at once.
constexpr std::chrono::seconds kHangUpLimit{1};

// How long a run that ends at once still tells of messages that no session turned to, and how many
// records it writes between two looks at the clock.
constexpr std::chrono::seconds kTellLimit{1};
constexpr std::uint64_t kRecordsAtATime = 10'000;

}  // namespace

Worker::Worker(Run& run, const Shared& shared, unsigned number, unsigned threads)
    : threads::Worker(*run.options().engine),
      run_(run),
      recordings_(shared.recordings),
      journal_(shared.journal != nullptr ? &shared.journal->of_worker(number) : nullptr),
      urgency_(shared.urgency),
      number_(number),
      threads_(threads),
      own_(loop(), !run.options().auth_mechanism.empty()),
      end_timer_(*this),
      drain_timer_(*this),
      journal_timer_(*this) {
  if (journal_ != nullptr) {
    own_.stamper.emplace(shared.journal->stamps());
    own_.delivery_observers.push_back(journal_);
  }
  if (shared.acceptances != nullptr) own_.delivery_observers.push_back(shared.acceptances);
  if (shared.log != nullptr) own_.delivery_observers.push_back(shared.log);
  if (recordings_ != nullptr && SplitRecorder::splits(run.workload())) {
    own_.delivery_observers.push_back(
        &own_.splits.emplace(run.workload(), run.load(), run.options().load.retry.has_value()));
  }
  const Part own = run.options().part.part(number, threads);
  for (std::uint64_t session = own.number; session < run.options().sessions; session += own.of) {
    sessions_.push_back(std::make_unique<Session>(own_, run, session));
  }
  own_.sessions_left = sessions_.size();
  const Misbehaviour* const misbehaviour = run.misbehaviour();
  if (misbehaviour == nullptr) return;
  clients_counted_ = misbehaviour->uncounted();
  for (std::uint64_t one = own.number; one < misbehaviour->clients(); one += own.of) {
    const auto client = static_cast<unsigned>(one);
    const Misbehaviour::Cast cast = misbehaviour->cast(client);
    ++clients_counted_[cast.first + cast.begin].counts.sessions;
    clients_.push_back(std::make_unique<MisbehavingClient>(loop(), run, client, clients_counted_));
  }
}

void Worker::begin() {
  if (recordings_ != nullptr) {
    own_.recorder.emplace(run_.load().schedule(), run_.load().start(), splits());
    second_clock_.emplace(
        loop(), recordings_->timeline(), run_.load().start(), [this](net::Traffic moved) -> auto& {
          return own_.recorder->complete_interval(without_clients(moved), loop().now());
        });
  }
  if (journal_ != nullptr) {
    loop().timers().start(journal_timer_, loop().now() + WorkerJournal::kInterval);
  }
  const Load& load = run_.options().load;
  // Where there are more threads than good sessions, those without one have no part in the load.
  const bool takes_part = !sessions_.empty();
  if (load.retry && takes_part) {
    own_.retries.emplace(*load.retry, retry_limit(), run_.load().end());
  }
  RetryQueue* const retries = own_.retries ? &*own_.retries : nullptr;
  if (load.open_loop && takes_part) {
    const OpenLoop::Observers observers{.recorder = recorder(), .journal = journal_};
    own_.load_model =
        std::make_unique<OpenLoop>(run_.load(), dealt().number, dealt().of, observers, retries);
  } else {
    own_.load_model = std::make_unique<ClosedLoop>(run_.load(), retries);
  }
  if (run_.load().end() != TimePoint::max()) loop().timers().start(end_timer_, run_.load().end());
}

// This worker's part of the load, which is dealt over the first ones: those with a good session.
Part Worker::dealt() const {
  const SourceOptions& options = run_.options();
  const std::uint64_t sharers =
      std::min<std::uint64_t>(threads_, options.part.share(options.sessions));
  return options.part.part(number_, static_cast<unsigned>(sharers));
}

// This worker's part of how many may wait for another attempt; it has a part in the load.
std::size_t Worker::retry_limit() const {
  return std::max<std::size_t>(1, dealt().share(run_.options().load.retry_limit));
}

// A loop that fails ends the run; what was measured stays.
void Worker::run() {
  begin();
  try {
    work();
    if (stopping_) hang_up();
  } catch (const Fatal& error) {
    run_.fail(error.what());
    stop();
  }
  if (stopping_) abandon();
  finish();
  if (journal_ != nullptr) tell_left();
}

// Where the run was told to end before it began, as it may be while it waits for its start, nothing
// begins.
void Worker::start_all() {
  if (urgency_ && urgency_() != threads::Urgency::none) {
    own_.load_model->wind_up(loop().now());
    stop_clients();
  }
  // The last is asked first, so that the pool begins with the first.
  const bool pool = run_.options().load.open_loop;
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    sessions_[pool ? sessions_.size() - 1 - i : i]->start();
  }
  for (const auto& client : clients_) {
    if (!client->done()) client->start();
  }
}

void Worker::work() {
  loop().begin_turn();
  use_before_ = thread_use();
  start_all();
  bool told = false;
  while (!stopping_ && (own_.sessions_left > 0 || clients_left())) {
    if (own_.sessions_left == 0 && !std::exchange(told, true)) run_.good_clients_done();
    if (own_.recorder) own_.recorder->begin_turn();
    loop().turn(own_.load_model->due());
    if (own_.recorder) own_.recorder->turn(loop().away());
    if (stopping_) break;
    const std::optional<TimePoint> due = own_.load_model->due();
    if (!due) continue;
    loop().update_now();
    if (*due <= loop().now()) own_.load_model->dispatch(loop().now());
  }
  if (!told) run_.good_clients_done();
}

bool Worker::clients_left() const {
  return std::any_of(clients_.begin(), clients_.end(),
                     [](const auto& client) { return !client->done(); });
}

// What the loop moved for the good ones.
net::Traffic Worker::without_clients(net::Traffic moved) {
  for (const auto& client : clients_) {
    const net::Traffic theirs = client->take_traffic();
    moved.sent -= std::min(moved.sent, theirs.sent);
    moved.received -= std::min(moved.received, theirs.received);
  }
  return moved;
}

void Worker::stop_clients() {
  for (const auto& client : clients_) client->stop();
}

void Worker::on_timer(net::Timer& timer) {
  if (&timer == &end_timer_) return wind_up();
  if (&timer == &drain_timer_) return stop();
  journal_->flush();
  loop().timers().start(journal_timer_, loop().now() + WorkerJournal::kInterval);
}

void Worker::woken(threads::Urgency urgency) {
  if (urgency == threads::Urgency::none) return;
  if (urgency == threads::Urgency::at_once) return stop();
  loop().update_now();
  own_.load_model->dispatch(loop().now());  // what is due and can start has not been kept waiting
  own_.load_model->wind_up(loop().now());
  wind_up();
}

// The end of the schedule, or an interrupt: what is under way may go on for a while. In open loop
// that is also what was due before and has not found a session.
void Worker::wind_up() {
  if (std::exchange(winding_up_, true)) return;
  loop().timers().start(drain_timer_, loop().now() + run_.options().load.drain_limit);
  stop_clients();
  for (const auto& session : sessions_) session->wind_up();
}

// What else has happened in this turn counts.
void Worker::stop() {
  if (!std::exchange(stopping_, true)) stop_clients();
}

// Until the kernel has let go of a connection nobody knows what of it will leave.
void Worker::hang_up() {
  for (const auto& session : sessions_) session->hang_up();
  const TimePoint limit = Clock::now() + kHangUpLimit;
  const auto hung_up = [](const auto& session) { return session->hung_up(); };
  while (!std::ranges::all_of(sessions_, hung_up) && Clock::now() < limit) loop().turn(limit);
}

// Nothing happens any more.
void Worker::abandon() {
  loop().update_now();
  for (const auto& session : sessions_) session->abandon();
  own_.load_model->wind_up(loop().now());
}

void Worker::finish() {
  if (!own_.recorder) return;
  if (own_.retries) {
    for (const Arrival& left : own_.retries->left()) {
      own_.recorder->waiting(left, loop().now());
    }
  }
  const ThreadUse use = thread_use();
  const Duration all = Clock::now() - run_.load().start();
  // Of a run that was ended before it began a thread has had no time to be busy in.
  const auto share = [all](Duration used) {
    return all > Duration::zero() ? std::min(in_seconds(used) / in_seconds(all), 1.0) : 0.0;
  };
  metrics::Generator& generator = own_.recorder->generator();
  generator.busy.push_back(share(use.busy - use_before_.busy));
  generator.run_delay.push_back(share(use.run_delay - use_before_.run_delay));
  second_clock_->stop();
  recordings_->add(*own_.recorder, splits());
  if (!clients_counted_.empty()) {
    recordings_->add(clients_counted_, loop().now());
  }
}

// When all else is over and measured: it may take its time, unless that is up.
void Worker::tell_left() {
  TimePoint limit = TimePoint::max();
  while (Clock::now() < limit && journal_->tell_left(kRecordsAtATime)) {
    const bool at_once = urgency_ && urgency_() == threads::Urgency::at_once;
    if (at_once) limit = std::min(limit, Clock::now() + kTellLimit);
  }
  journal_->end_run();
}

}  // namespace millrace::source
