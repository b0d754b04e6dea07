#include "sink/worker.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::sink {
namespace {

// How many connections one socket may bring in before the sessions have their turn.
constexpr int kAcceptsPerTurn = 64;

// When the system is short of descriptors or memory: how long until the next try.
constexpr std::chrono::milliseconds kRetryDelay{50};

// How long replies in flight may take once the program is told to end.
constexpr std::chrono::milliseconds kDrainLimit{1'000};

bool short_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

bool authenticates(const std::vector<ListeningSocket>& sockets) {
  return std::any_of(sockets.begin(), sockets.end(), [](const ListeningSocket& socket) {
    return socket.listener.profile.authenticates;
  });
}

}  // namespace

Worker::Worker(const Shared& shared, const std::vector<ListeningSocket>& sockets,
               std::function<void()> on_place_free)
    : threads::Worker(*shared.options.engine),
      shared_(shared),
      on_place_free_(std::move(on_place_free)),
      rules_(shared.rules.in_force()),
      sasl_(sasl::open_library_if(authenticates(sockets))),
      retry_timer_(*this) {
  if (shared.live != nullptr) live_number_ = shared.live->enter();
  if (shared.live != nullptr || shared.recordings != nullptr) recorder_.emplace();
  if (Recordings* const recordings = shared.recordings; recordings != nullptr) {
    second_clock_.emplace(
        loop(), recordings->timeline(), recordings->start(), [this](net::Traffic moved) -> auto& {
          return recorder_->complete_interval(moved, loop().now());
        });
  }
  if (shared.verification != nullptr) {
    verifier_.emplace(*shared.verification, loop(), [this] { settle(); });
  }
  if (shared.stores != nullptr) keeper_.emplace(*shared.stores);
  for (const ListeningSocket& socket : sockets) {
    acceptors_.push_back(std::make_unique<Acceptor>(*this, socket));
    loop().watch(*acceptors_.back());
  }
}

Worker::~Worker() = default;

void Worker::run() {
  while (urgency_ == threads::Urgency::none) turn({});
  drain();
  if (verifier_) verifier_->finish();
  if (shared_.live != nullptr) shared_.live->answer_last(live_number_, count_so_far(), clients_);
  if (!second_clock_) return;
  second_clock_->stop();
  shared_.recordings->add(*recorder_);
}

// What others have of it is brought up to date as well.
Counts Worker::count_so_far() {
  rules_.tell_hits();
  if (verifier_) verifier_->finish();
  const metrics::Metrics& metrics = recorder_->metrics();
  Counts counts{.counters = metrics.counters,
                .commands = recorder_->commands(),
                .replies = metrics.replies,
                .sessions = metrics[metrics::LatencyPhase::session],
                .sessions_open = recorder_->sessions_open()};
  metrics::add_times(metrics.errors, counts.errors);
  counts.counters.bytes_sent = loop().traffic().sent;
  counts.counters.bytes_received = loop().traffic().received;
  return counts;
}

// What a turn brings is put on record together, and then answered.
void Worker::turn(std::optional<TimePoint> limit) {
  if (!awaiting_.empty()) limit = loop().now();
  loop().turn(limit);
  if (!awaiting_.empty() || left_behind()) record();
}

// Whether there is something whose connection is gone.
bool Worker::left_behind() const {
  return (verifier_ && verifier_->waiting()) || (keeper_ && keeper_->waiting());
}

// What is not stored is not on record either, and what is not on record does not stay in the
// stores.
void Worker::settle() {
  bool kept = !keeper_ || keeper_->add();
  if (verifier_) kept = verifier_->write(kept);
  if (keeper_) keeper_->decide(kept);
  if (verifier_) verifier_->decide(kept);
  kept_ = kept_ && kept;
}

// What clients have sent behind their message may be another one, for the next time.
void Worker::record() {
  settle();
  const bool kept = std::exchange(kept_, true);
  recording_.clear();
  recording_.swap(awaiting_);
  for (Connection* const connection : recording_) connection->recorded(kept);
}

void Worker::woken(threads::Urgency urgency) {
  urgency_ = urgency;
  if (urgency == threads::Urgency::none) rules_.renew();
  if (shared_.live != nullptr) {
    shared_.live->answer(
        live_number_, [this] { return count_so_far(); }, clients_);
  }
  if (urgency != threads::Urgency::none) return;
  resume(Lack::place);
}

void Worker::drain() {
  const TimePoint limit = Clock::now() + kDrainLimit;
  // Nothing new is read: what has begun to wait for its record is answered.
  while (!awaiting_.empty() && Clock::now() < limit) record();
  for (const auto& connection : connections_) connection->finish();
  const auto unsent = [](const auto& connection) { return !connection->all_sent(); };
  while (urgency_ != threads::Urgency::at_once && Clock::now() < limit &&
         std::any_of(connections_.begin(), connections_.end(), unsent)) {
    loop().timers().start(retry_timer_, limit);
    turn({});
  }
  while (!connections_.empty()) connections_.back()->give_up();
  if (left_behind()) settle();
}

void Worker::Acceptor::on_readable() {
  if (worker_.urgency_ != threads::Urgency::none) return;
  for (int accepted = 0; accepted < kAcceptsPerTurn; ++accepted) {
    if (!worker_.shared_.session_limit.acquire()) {
      lack = Lack::place;
      return;
    }
    net::SocketAddress peer;
    peer.length = sizeof peer.storage;
    FileDescriptor socket(
        accept4(descriptor(), peer.get(), &peer.length, worker_.loop().socket_flags()));
    if (socket.valid()) {
      worker_.adopt(listener_, std::move(socket), peer);
      continue;
    }
    const int error = errno;
    if (worker_.shared_.session_limit.release()) worker_.on_place_free_();
    if (short_of_resources(error)) return worker_.pause(*this, error);
    if (error == EAGAIN || error == EWOULDBLOCK) break;
    // Anything else is the fate of one client that has gone again: on to the next.
  }
  worker_.loop().watch(*this);
}

void Worker::pause(Acceptor& acceptor, int error) {
  const std::string what = describe_error("accept paused", error);
  if (!shared_.told_pause.exchange(true)) warn(what);  // once a run; it is counted each time
  if (recorder_) recorder_->error(metrics::Error::other, what);
  acceptor.lack = Lack::resources;
  loop().timers().start(retry_timer_, loop().now() + kRetryDelay);
}

void Worker::on_timer(net::Timer& /*timer*/) { resume(Lack::resources); }

void Worker::resume(Lack lack) {
  for (const auto& acceptor : acceptors_) {
    if (acceptor->lack != lack) continue;
    acceptor->lack = Lack::none;
    acceptor->on_readable();
  }
}

void Worker::adopt(const OpenListener& listener, FileDescriptor socket,
                   const net::SocketAddress& peer) {
  if (shared_.idleness != nullptr) shared_.idleness->session_begun();
  connections_.push_back(std::make_unique<Connection>(*this, listener, connections_.size()));
  connections_.back()->start(std::move(socket), peer);
}

void Worker::remove(Connection& connection, bool quit, bool silent) {
  if (connection.awaits_record()) std::erase(awaiting_, &connection);
  const std::size_t place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = place;
  connections_.pop_back();
  if (shared_.session_limit.release()) on_place_free_();
  if (Idleness* const idleness = shared_.idleness; idleness != nullptr) {
    if (silent) {
      idleness->silent_session_ended();
    } else {
      idleness->session_ended(loop().now());
    }
  }
  shared_.quotas.session_done(quit);
}

}  // namespace millrace::sink
