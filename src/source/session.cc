#include "source/session.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace millrace::source {
namespace {

// After a message that found no connection, until the session turns to the next one.
constexpr std::chrono::milliseconds kNotConnectedDelay{100};

// How long a server may take to hang up after TLS has failed.
constexpr std::chrono::seconds kFarewellLimit{2};

}  // namespace

Session::Session(WorkerResources& worker, Run& run, std::uint64_t number)
    : worker_(worker),
      run_(run),
      stream_(worker.loop, *this, net::Side::client),
      timer_(*this),
      record_(worker.recorder),
      messages_(worker, run, number, record_),
      number_(number),
      plan_(run, worker.sasl, number),
      display_(run.options().verbose),
      connector_(run, number, worker.loop, stream_, record_, display_) {}

// While it pauses, a session still listens: the server may hang up.
void Session::pause_then_begin() {
  const Pause& pause = run_.options().pause;
  if (pause.none()) return begin_message();
  state_ = State::pausing;
  start_timer(pause.draw(worker_.random));
}

void Session::begin_message() {
  const Next next = worker_.load_model->next(*this, now());
  switch (next.when) {
    case Next::When::now:
      break;
    case Next::When::later:
      if (client_) return say_goodbye();
      [[fallthrough]];
    case Next::When::soon:
      state_ = State::pausing;
      worker_.loop.timers().stop(timer_);
      return worker_.load_model->wait(*this, now());
    case Next::When::never:
      if (client_) return say_goodbye();
      return done();
  }
  started_ = true;
  messages_.take(next.arrival, now());
  if (client_) {
    step();
    return stream_.flush();
  }
  follow(connector_.begin());
}

void Session::go() {
  if (run_.failed()) return;  // nothing is said any more, maybe nothing can be
  if (state_ == State::pausing) return begin_message();
  if (state_ != State::talking || !client_->may_send()) return;
  send_messages();
  stream_.flush();
}

void Session::wind_up() {
  if (state_ != State::pausing || !timer_.running()) return;
  worker_.loop.timers().stop(timer_);
  begin_message();
}

void Session::follow(Connector::Progress progress) {
  switch (progress) {
    case Connector::Progress::connecting:
      state_ = State::connecting;
      timed_out_ = false;
      return start_timer(run_.options().reply_limit);
    case Connector::Progress::waiting:
      state_ = State::retrying;
      return start_timer(Connector::kRetryDelay);
    case Connector::Progress::given_up:
      messages_.lose(stream_.sent(), now());
      // What is due next waits for a turn of its own, not on this stack.
      state_ = State::pausing;
      return start_timer(run_.options().load.open_loop ? Duration::zero()
                                                       : Duration(kNotConnectedDelay));
    case Connector::Progress::run_over:
      state_ = State::done;
      return;
  }
}

void Session::connect_failed(int error) {
  const Connector::Progress progress = connector_.failed(error);
  // The connect had a turn of the loop to itself, so the next message may be begun within this one.
  if (progress == Connector::Progress::given_up && run_.options().load.open_loop) {
    messages_.lose(stream_.sent(), now());
    return begin_message();
  }
  follow(progress);
}

void Session::on_connected() {
  if (state_ == State::done) return;
  const SourceOptions& options = run_.options();
  state_ = State::talking;
  awaited_since_ = now();
  record_.connected(now());
  plan_.begin(connector_.connection(), record_.waiting_message());
  client_.emplace(plan_.dialogue(), plan_.identity(), messages_.source(), *this);
  start_timer(options.reply_limit);
  if (options.proxy) stream_.output().append(connector_.proxy_header());
  if (options.tls_from_start) secure();
}

void Session::secure() {
  handshake_begun_ = now();
  stream_.secure(std::make_unique<net::TlsFilter>(*run_.tls(), std::move(tls_session_)));
}

void Session::on_secured() {
  if (state_ == State::done) return;
  const net::TlsFilter& tls = *stream_.tls();
  const Duration took = Clock::now() - handshake_begun_;
  awaited_since_ = now();
  run_.secured(took, tls.resumed());
  record_.secured(took, tls.resumed(), now());
  messages_.secured(tls.version());
  display_.secured(tls);
  if (run_.options().tls_from_start) return;
  client_->secured(stream_.output());
  show_commands(0);
}

void Session::on_tls_failure(std::string_view what) {
  if (state_ == State::done) return;
  lost({metrics::Error::tls, std::string(what) + where()});
  state_ = State::closing;
  start_timer(kFarewellLimit);
}

std::size_t Session::on_bytes(std::string_view bytes) {
  if (state_ == State::done) return bytes.size();
  const std::size_t shown = stream_.output().size();
  const std::size_t taken = client_->feed(bytes, stream_.output());
  show_commands(shown);
  step();
  return taken;
}

// Acts on where the dialogue has arrived.
void Session::step() {
  using DialoguePhase = smtp::ClientSession::DialoguePhase;
  if (run_.failed()) return close();  // and say no more
  switch (client_->phase()) {
    case DialoguePhase::opening:
    case DialoguePhase::leaving:
      return;
    case DialoguePhase::securing:
      return secure();
    case DialoguePhase::open:
      return send_messages();
    case DialoguePhase::opening_failed:
      if (!client_->fault().empty()) {
        refused({metrics::Error::protocol, client_->fault() + where()});
      }
      return say_goodbye();
    case DialoguePhase::finished:
      return close();
    case DialoguePhase::closed:
      if (!client_->fault().empty()) refused({metrics::Error::closed, client_->fault() + where()});
      return close();
    case DialoguePhase::broken:
      lost({metrics::Error::protocol, client_->fault() + where()});
      return close();
  }
}

// Sends as many messages as the window has room for.
void Session::send_messages() {
  const std::size_t shown = stream_.output().size();
  while (client_->may_send()) {
    if (!next_message()) break;
    state_ = State::talking;
    awaited_since_ = now();
    client_->send(record_.launch(now()), stream_.output());
  }
  if (client_->idle()) return all_over();
  if (client_->may_send() && plan_.may_go_on(record_.carried()))
    worker_.load_model->has_room(*this, now());
  show_commands(shown);
  watch_reply();
}

// Whether there is a message to send: one that waits, or one that may follow without a pause.
bool Session::next_message() {
  if (record_.waiting()) return true;
  if (!plan_.may_go_on(record_.carried())) return false;
  const Next next = worker_.load_model->next(*this, now());
  if (next.when != Next::When::now) return false;
  messages_.take(next.arrival, now());
  return true;
}

void Session::hang_up() {
  worker_.loop.timers().stop(timer_);
  const bool connected = client_ || state_ == State::connecting;
  state_ = connected ? State::hanging_up : State::done;
  if (connected) stream_.abort();
}

// What the server has closed or kept out is lost by that, though the connection is not yet gone.
// Where the kernel still has the connection, all that waits to be sent may leave.
void Session::abandon() {
  const std::uint64_t sent = stream_.sent() + (hung_up() ? 0 : stream_.unsent());
  using DialoguePhase = smtp::ClientSession::DialoguePhase;
  const bool goes_on = !client_ || client_->phase() == DialoguePhase::opening ||
                       client_->phase() == DialoguePhase::securing ||
                       client_->phase() == DialoguePhase::open;
  if (!goes_on) messages_.lose(sent, now());
  messages_.abandon(sent, now());
  state_ = State::done;
}

// Nothing is under way on this connection.
void Session::all_over() {
  const bool done = worker_.load_model->over(now());
  if (done || client_->exhausted() || !plan_.may_reuse(record_.carried())) {
    return say_goodbye();
  }
  pause_then_begin();
}

void Session::say_goodbye() {
  state_ = State::talking;
  awaited_since_ = now();
  const std::size_t shown = stream_.output().size();
  client_->quit(stream_.output());
  show_commands(shown);
  stream_.flush();
  watch_reply();
}

void Session::close() {
  state_ = State::closing;
  if (stream_.tls() != nullptr && run_.tls()->resumes()) tls_session_ = stream_.tls()->session();
  stream_.abort();
}

// The connection is gone and has been accounted for: on to the next message.
void Session::closed() {
  worker_.loop.timers().stop(timer_);
  record_.ended(now());
  messages_.lose(stream_.sent(), now());
  client_.reset();
  if (run_.failed() || worker_.load_model->over(now())) return done();
  pause_then_begin();
}

void Session::done() {
  state_ = State::done;
  --worker_.sessions_left;
}

// Counted, and told as the run wants it.
void Session::refused(const Trouble& trouble) {
  record_.error(trouble, now());
  run_.refused(trouble);
}

void Session::lost(const Trouble& trouble) {
  record_.session_failed(trouble, now());
  run_.lost(trouble);
}

void Session::replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
                      smtp::Outcome outcome) {
  awaited_since_ = now();
  display_.replied(command, reply, outcome);
  messages_.replied(*client_, command, reply, outcome, now());
  if (outcome != smtp::Outcome::refused || command.verb == smtp::Verb::quit) return;
  refused(rejection(command.verb, reply, where(command)));
}

void Session::transaction_begun(const smtp::RecipientBatch& batch) {
  messages_.transaction_begun(batch, now());
}

void Session::content_ended(std::uint64_t message) {
  messages_.content_ended(message, stream_.sent() + stream_.unsent(), now());
}

void Session::message_sent(std::uint64_t /*message*/) { run_.message_sent(); }

void Session::transaction_over(const smtp::RecipientBatch& batch, std::size_t taken, bool again) {
  messages_.transaction_over(batch, taken, again, now());
}

void Session::message_over(std::uint64_t message, std::size_t recipients) {
  messages_.message_over(message, recipients, now());
}

void Session::on_end(int error) {
  switch (state_) {
    case State::connecting:
      return connect_failed(timed_out_ ? ETIMEDOUT : error);
    case State::closing:
      return closed();
    case State::hanging_up:
      state_ = State::done;
      return;
    case State::done:
      return;
    default:
      lost(loss(error));
      return closed();
  }
}

// What ended the connection before its time.
Trouble Session::loss(int error) const {
  const Loss loss{.error = error, .timed_out = timed_out_};
  const net::TlsFilter* const tls = stream_.tls();
  if (state_ == State::pausing) return loss_between_messages(loss, where());
  if (tls != nullptr && !tls->secured()) return loss_in_handshake(loss, where());
  return loss_awaiting(client_->pending_command().verb, loss, where());
}

// RFC 5321, 4.5.3.2: each reply has its time, and so has each part of content that is sent. That a
// reply has begun does not count.
void Session::on_timer(net::Timer& /*timer*/) {
  const TimePoint limit =
      std::max(stream_.last_sent(), awaited_since_) + run_.options().reply_limit;
  switch (state_) {
    case State::pausing:
      return begin_message();
    case State::retrying:
      return follow(connector_.try_again());
    case State::connecting:
    case State::talking:
      if (now() < limit) {
        worker_.loop.timers().start(timer_, limit);
        return;
      }
      timed_out_ = true;
      return stream_.abort();
    case State::closing:
      return stream_.abort();
    case State::hanging_up:
    case State::done:
      return;
  }
}

void Session::start_timer(Duration delay) { worker_.loop.timers().start(timer_, now() + delay); }

// The timer that runs already looks at the stream's progress when it is due.
void Session::watch_reply() {
  if (!timer_.running()) start_timer(run_.options().reply_limit);
}

// Shows what the output gained from position `shown` on.
void Session::show_commands(std::size_t shown) {
  if (!display_.verbose()) return;
  display_.sent(stream_.output(), shown, client_->pending_command().verb == smtp::Verb::auth);
}

// Who and what a message to the user is about.
std::string Session::where() const {
  return client_ ? where(client_->pending_command()) : where(smtp::PendingCommand{});
}

std::string Session::where(const smtp::PendingCommand& command) const {
  return about(number_, command_text(command, messages_.source(), plan_.dialogue().hello_name,
                                     connector_.address().text()));
}

}  // namespace millrace::source
