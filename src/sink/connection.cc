#include "sink/connection.h"

#include <algorithm>
#include <utility>

#include "base/diagnostics.h"
#include "sink/answers/answer_observer.h"
#include "sink/capture_observer.h"
#include "sink/control/client_table.h"
#include "sink/display.h"
#include "sink/session_recorder.h"
#include "sink/store/store_observer.h"
#include "sink/worker.h"

namespace millrace::sink {
namespace {

// How long a client may take to hang up after our goodbye.
constexpr std::chrono::seconds kFarewellLimit{2};

// How often replies that wait for others go on before everybody else has a turn.
constexpr int kRepliesPerTurn = 16;

// How often it is looked whether a client is still there that has to wait.
constexpr std::chrono::seconds kClientWatch{2};

// How often a session that is stalled is looked at; it may last.
constexpr std::chrono::hours kStallWatch{1};

}  // namespace

Connection::Connection(Worker& worker, const OpenListener& listener, std::size_t place)
    : place(place),
      worker_(worker),
      shared_(worker.shared()),
      listener_(listener),
      stream_(worker.loop(), *this, net::Side::server),
      timer_(*this),
      facts_(shared_.rules.needs_facts() ? add_facts() : nullptr),
      answers_(shared_.answers != nullptr ? add_answers() : nullptr),
      verify_(worker.verifier() != nullptr ? add_verify() : nullptr),
      lint_(shared_.lint != nullptr ? add_lint() : nullptr),
      policy_({.options = shared_.options,
               .quotas = shared_.quotas,
               .rules = worker.rules(),
               .facts = facts_,
               .later = answers_,
               .sasl = worker.sasl(),
               .lint = lint_}),
      session_(listener.profile, listener.replies, policy_, observers_) {
  const SinkOptions& options = shared_.options;
  if (options.verbose) {
    const std::string_view name = listener.name;
    observers_.add(std::make_unique<Display>(options.listeners.size() > 1 ? name : ""));
  }
  if (options.logged.any()) observers_.add(std::make_unique<CommandLog>(options.logged));
  if (Recorder* const recorder = worker.recorder()) {
    observers_.add(std::make_unique<SessionRecorder>(*recorder));
  }
  if (ClientTable* const clients = worker.clients()) {
    observers_.add(std::make_unique<ClientObserver>(*clients));
  }
  if (options.capture.mode != CaptureOptions::Mode::off) {
    observers_.add(std::make_unique<CaptureObserver>(options.capture, listener.profile.host_name,
                                                     shared_.append_log));
  }
  if (Keeper* const keeper = worker.keeper()) {
    observers_.add(std::make_unique<StoreObserver>(*keeper, listener));
  }
}

Connection::~Connection() = default;

// First of all observers: what the others are told may be asked for by rules.
SessionFacts* Connection::add_facts() {
  RuleBook& book = shared_.rules;
  auto facts = std::make_unique<SessionFacts>(worker_.rules(), book.windows(), listener_,
                                              book.next_session(), book.start());
  SessionFacts* const added = facts.get();
  observers_.add(std::move(facts));
  return added;
}

AnswerObserver* Connection::add_answers() {
  auto answers = std::make_unique<AnswerObserver>(*shared_.answers);
  AnswerObserver* const added = answers.get();
  observers_.add(std::move(answers));
  return added;
}

LintObserver* Connection::add_lint() {
  auto lint = std::make_unique<LintObserver>(*shared_.lint, listener_);
  LintObserver* const added = lint.get();
  observers_.add(std::move(lint));
  return added;
}

void Connection::tell_time() {
  if (facts_ != nullptr) facts_->time(worker_.loop().now());
  if (lint_ != nullptr) lint_->time(worker_.loop().now());
}

// Nothing is answered any more, and nobody is hurried.
bool Connection::stalled() const {
  return fault_ == rules::TlsFault::stall ||
         session_.phase() == smtp::ServerSession::SessionPhase::stalled;
}

void Connection::on_secured() {
  silent_ = false;
  const net::TlsFilter& tls = *stream_.tls();
  shared_.quotas.secured(tls.resumed(), tls.has_peer_certificate());
  observers_.secured({.version = tls.version(),
                      .cipher = tls.cipher(),
                      .resumed = tls.resumed(),
                      .client_certificate = tls.has_peer_certificate()});
  if (listener_.tls_from_start) return greet();
  session_.secured();
}

// Told on standard error, and to whoever counts it.
void Connection::complain(metrics::Error kind, std::string_view what) {
  warn(what);
  observers_.failed(kind, what);
}

void Connection::on_tls_failure(std::string_view what) {
  if (lint_ != nullptr && !stream_.tls()->began_with_tls()) lint_->no_tls_handshake();
  complain(metrics::Error::tls, what);
  ending_ = Ending::ours;  // the stream finishes by itself
  worker_.loop().timers().start(timer_, worker_.loop().now() + kFarewellLimit);
}

std::size_t Connection::on_bytes(std::string_view bytes) {
  if (proxy_) {
    const std::size_t header = read_proxy_header(bytes);
    const bool greeted = !proxy_ && session_.phase() == smtp::ServerSession::SessionPhase::command;
    const bool more = greeted && stream_.tls() == nullptr && header < bytes.size();
    if (more && lint_ != nullptr) lint_->spoke_first(bytes.substr(header));
    return more ? header + on_bytes(bytes.substr(header)) : header;
  }
  silent_ = false;
  if (fault_ != rules::TlsFault::none) return take_handshake(bytes);
  if (awaits_record_) {
    stream_.hold();
    return 0;
  }
  tell_time();
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    const bool slow = policy_.throttle() > 0;
    const std::size_t room = slow ? room_for(rest) : rest.size();
    const std::size_t more = session_.feed(rest.substr(0, room), stream_.output());
    if (slow) throttle_.passed(more);
    taken += more;
    after_step();
    if (more < room || go_on_at_ || stream_.finishing()) break;
    // What is left behind a message that was slowed down is taken as it comes.
    if (room < rest.size() && policy_.throttle() > 0) {
      wait_until(worker_.loop().now() + throttle_.slice());
      break;
    }
  }
  if (awaits_record_ && taken < bytes.size()) stream_.hold();
  return taken;
}

std::uint64_t Connection::unwanted() const {
  return policy_.throttle() > 0 ? 0 : session_.unwanted();
}

void Connection::on_dropped(std::uint64_t bytes) {
  tell_time();
  session_.skip(bytes, stream_.output());
  after_step();
}

// How much of `bytes` is read now of content that a rule slows down.
std::size_t Connection::room_for(std::string_view bytes) {
  const std::uint64_t allowed = throttle_.allowed(policy_.throttle(), worker_.loop().now());
  return static_cast<std::size_t>(std::min<std::uint64_t>(allowed, bytes.size()));
}

// Nothing is read until then, when it goes on with what it waits for.
void Connection::wait_until(TimePoint moment) {
  go_on_at_ = moment;
  stream_.hold();
  arm();
}

// Brings timers and counters in line with where the session stands now.
void Connection::after_step() {
  using SessionPhase = smtp::ServerSession::SessionPhase;
  policy_.messages_answered(session_.owes_final_reply() ? 1 : 0);
  if (session_.phase() == SessionPhase::paused) {
    return wait_until(worker_.loop().now() + session_.wait());
  }
  if (session_.phase() == SessionPhase::replying) return stream_.hold();
  if (session_.phase() == SessionPhase::recording) return await_record();
  if (session_.phase() == SessionPhase::securing) return secure();
  if (session_.phase() != SessionPhase::closed || stream_.finishing()) return;
  using Why = smtp::ServerSession::Ending;
  if (session_.ending() == Why::command_too_long) {
    complain(metrics::Error::protocol, "command line too long");
  }
  if (session_.ending() == Why::reset) stream_.reset();
  end(session_.ending() == Why::quit ? Ending::quit : Ending::ours);
}

// Goes on with replies that had to wait for the client to take those ahead of them.
void Connection::on_all_sent() {
  using SessionPhase = smtp::ServerSession::SessionPhase;
  // Sending may tell of its end at once, from within.
  if (session_.phase() != SessionPhase::replying || std::exchange(replying_, true)) return;
  for (int turn = 0; turn < kRepliesPerTurn && session_.phase() == SessionPhase::replying &&
                     stream_.output().size() < smtp::ServerSession::kReplyBound;
       ++turn) {
    go_on();
  }
  replying_ = false;
  if (session_.phase() == SessionPhase::replying) {
    // A client may take them as fast as they come: others want to be served, too.
    if (stream_.all_sent()) wait_until(worker_.loop().now());
  } else if (!go_on_at_) {
    stream_.release();
  }
}

// Ends a pause, or goes on with replies.
void Connection::go_on() {
  tell_time();
  look_for_early_talk();
  session_.resume(stream_.output());
  after_step();
  stream_.flush();
}

void Connection::finish() {
  if (ending_ == Ending::clients) end(Ending::ours);
}

// Closes in order.
void Connection::end(Ending ending) {
  ending_ = ending;
  go_on_at_.reset();
  stream_.finish();
  worker_.loop().timers().start(timer_, worker_.loop().now() + kFarewellLimit);
}

// When a client has been silent for too long, counted from when it was read from.
TimePoint Connection::idle_end() const {
  return std::max(stream_.last_progress(), resumed_) + shared_.options.idle_limit;
}

// The timer is for what comes first: to go on, the end of our patience, or that of the session.
void Connection::arm() {
  TimePoint limit = idle_end();
  if (stalled()) limit = worker_.loop().now() + kStallWatch;
  if (go_on_at_) limit = std::min(*go_on_at_, worker_.loop().now() + kClientWatch);
  if (const auto& whole = shared_.options.session_time_limit) {
    limit = std::min(limit, begun_ + *whole);
  }
  worker_.loop().timers().start(timer_, limit);
}

void Connection::on_timer(net::Timer& /*timer*/) {
  if (stream_.finishing()) return stream_.abort();
  const TimePoint now = worker_.loop().now();
  // A message that is to be put on record with this turn is answered first: recorded() goes on.
  if (too_long()) {
    if (!awaits_record_) dismiss();
    return;
  }
  if (go_on_at_ && now >= *go_on_at_) {
    go_on_at_.reset();
    resumed_ = now;
    wait_is_over();
  } else if (go_on_at_) {
    look_after_client();
  } else if (!stalled() && now >= idle_end()) {
    if (lint_ != nullptr) lint_->read_timeout();
    complain(metrics::Error::timeout, "read timeout");
    ending_ = Ending::ours;
    return stream_.abort();
  }
  if (!stream_.finishing()) arm();
}

// While it waits nothing is read, which would tell that the client has gone. One that has only
// ended its side may still read, and is answered.
void Connection::look_after_client() {
  const bool finished = stream_.peer_has_finished();
  if (finished && !session_.owes_reply()) stream_.abort();
}

// Goes on with what was waited for: a handshake, a reply, the next replies, room for content.
void Connection::wait_is_over() {
  using SessionPhase = smtp::ServerSession::SessionPhase;
  if (handshake_) {
    begin_handshake();
  } else if (session_.phase() == SessionPhase::replying) {
    on_all_sent();
  } else if (session_.phase() == SessionPhase::paused) {
    go_on();
  }
  const bool waits = go_on_at_ || session_.phase() == SessionPhase::replying;
  if (!waits && !stream_.finishing()) stream_.release();
}

bool Connection::too_long() const {
  const auto& whole = shared_.options.session_time_limit;
  return whole && worker_.loop().now() >= begun_ + *whole;
}

// The session has lasted too long. Whoever is never answered is not told.
void Connection::dismiss() {
  if (!stalled() && !handshake_) {
    stream_.output().append(listener_.replies.session_too_long);
    observers_.dismissed(listener_.replies.session_too_long);
  }
  observers_.failed(metrics::Error::timeout, "session time limit");
  end(Ending::ours);
}

void Connection::on_end(int error) {
  if (lint_ != nullptr && (stalled() || session_.owes_reply())) lint_->left_unanswered();
  observers_.ended(ending_, error, worker_.loop().now());
  // A QUIT that could not be answered does not count. That its client is gone shows only when the
  // reply is sent: in a pause nothing is read, and a client that has closed its side behind QUIT,
  // as it may, waits for the reply.
  const bool quit = ending_ == Ending::quit && error == 0;
  policy_.ended(quit);
  worker_.remove(*this, quit, silent_ && ending_ == Ending::clients);
}

}  // namespace millrace::sink
