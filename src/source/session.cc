#include "source/session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <random>
#include <utility>

#include "base/diagnostics.h"
#include "mail/generated.h"
#include "source/load_model.h"
#include "source/worker.h"

namespace millrace::source {
namespace {

// After a connect that failed, until the next try.
constexpr std::chrono::milliseconds kConnectRetryDelay{10};

// After a message that found no connection, until the session turns to the next one.
constexpr std::chrono::milliseconds kNotConnectedDelay{100};

// How long a server may take to hang up after TLS has failed.
constexpr std::chrono::seconds kFarewellLimit{2};

// How messages to the user name each step of the dialogue, in the order of the verbs.
struct StepNames {
  smtp::Verb awaited;
  std::string_view doing;     // "lost connection while ..."
  std::string_view rejected;  // "...: 550 no"
};

constexpr std::array<StepNames, smtp::kVerbCount> kStepNames = {{
    {smtp::Verb::connect, "reading server greeting", "rejected at server banner"},
    {smtp::Verb::helo, "sending HELO", "HELO rejected"},
    {smtp::Verb::ehlo, "sending EHLO", "EHLO rejected"},
    {smtp::Verb::lhlo, "sending LHLO", "LHLO rejected"},
    {smtp::Verb::starttls, "sending STARTTLS", "STARTTLS rejected"},
    {smtp::Verb::xclient, "sending XCLIENT", "XCLIENT rejected"},
    {smtp::Verb::xforward, "sending XFORWARD", "XFORWARD rejected"},
    {smtp::Verb::auth, "sending AUTH", "authentication rejected"},
    {smtp::Verb::mail, "sending sender", "sender rejected"},
    {smtp::Verb::rcpt, "sending recipient", "recipient rejected"},
    {smtp::Verb::data, "sending DATA command", "data rejected"},
    {smtp::Verb::bdat, "sending message", "chunk rejected"},
    {smtp::Verb::end_of_data, "sending message", "end of data rejected"},
    {smtp::Verb::rset, "sending RSET command", "rset rejected"},
    {smtp::Verb::noop, "sending NOOP command", "noop rejected"},
    {smtp::Verb::vrfy, "sending VRFY command", "vrfy rejected"},
    {smtp::Verb::quit, "sending QUIT command", "quit rejected"},
}};

constexpr bool every_step_has_names() {
  for (std::size_t place = 0; place < kStepNames.size(); ++place) {
    const StepNames& names = kStepNames[place];
    if (index(names.awaited) != place || names.doing.empty() || names.rejected.empty())
      return false;
  }
  return true;
}
static_assert(every_step_has_names());

metrics::Error kind_of_error(int error) {
  switch (error) {
    case 0:
      return metrics::Error::closed;
    case ECONNREFUSED:
      return metrics::Error::refused;
    case ECONNRESET:
    case EPIPE:
      return metrics::Error::reset;
    case ETIMEDOUT:
      return metrics::Error::timeout;
    default:
      return metrics::Error::other;
  }
}

const StepNames& names_of(smtp::Verb awaited) { return kStepNames[index(awaited)]; }

}  // namespace

Session::Session(Worker& worker, Run& run, std::uint64_t number)
    : worker_(worker),
      run_(run),
      stream_(worker.loop(), *this, net::Side::client),
      timer_(*this),
      messages_(run.message()),
      record_(worker),
      number_(number),
      connector_(run) {
  const SourceOptions& options = run.options();
  if (options.auth_mechanism.empty()) return;
  const sasl::User& user = options.users[number % options.users.size()];
  authenticator_.emplace(worker.sasl(), options.auth_mechanism, user);
}

TimePoint Session::now() const { return worker_.loop().now(); }

// While it pauses, a session still listens: the server may hang up.
void Session::pause_then_begin() {
  const Pause& pause = run_.options().pause;
  if (pause.length == Duration::zero()) return begin_message();
  Duration delay = pause.length;
  if (pause.random) {
    std::uniform_int_distribution<Duration::rep> any(0, delay.count());
    delay = Duration(any(worker_.random()));
  }
  state_ = State::pausing;
  start_timer(delay);
}

void Session::begin_message() {
  const Next next = worker_.load_model().next(*this, now());
  switch (next.when) {
    case Next::When::now:
      break;
    case Next::When::later:
      if (client_) return say_goodbye();
      [[fallthrough]];
    case Next::When::soon:
      state_ = State::pausing;
      worker_.loop().timers().stop(timer_);
      return worker_.load_model().wait(*this, now());
    case Next::When::never:
      if (client_) return say_goodbye();
      return done();
  }
  started_ = true;
  record_.take(next.arrival);
  if (client_) {
    step();
    return stream_.flush();
  }
  connector_.reset();
  connect();
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
  worker_.loop().timers().stop(timer_);
  begin_message();
}

void Session::connect() {
  const SourceOptions& options = run_.options();
  state_ = State::retrying;  // until there is a socket
  FileDescriptor socket = connector_.open(worker_.loop().socket_flags());
  if (run_.failed()) return;
  if (!socket.valid()) return connect_failed(errno, "socket");
  if (options.verbose) inform("trying " + connector_.address().text());
  state_ = State::connecting;
  timed_out_ = false;
  record_.connecting();
  // Every connection of the run is another client: sessions take turns in the numbers.
  connection_ = number_ + options.sessions * connections_++;
  stream_.connect(std::move(socket), connector_.address());
  start_timer(options.reply_limit);
}

void Session::connect_failed(int error, std::string_view doing) {
  const std::string what = describe_error(doing, error) + where();
  switch (connector_.failed(error)) {
    case Connector::Retry::at_once:
      if (run_.options().verbose) inform(what);
      return connect();
    case Connector::Retry::give_up:
      return give_up_connecting(error, what);
    case Connector::Retry::again:
      run_.warn_of(kind_of_error(error), what);
      break;
    case Connector::Retry::patient:
      break;
  }
  state_ = State::retrying;
  start_timer(kConnectRetryDelay);
}

void Session::give_up_connecting(int error, const std::string& what) {
  const metrics::Error kind = kind_of_error(error);
  record_.session_failed(kind, what);
  run_.not_connected(kind, what);
  if (run_.failed()) return;
  record_.lose();
  const bool open_loop = run_.options().load.open_loop;
  if (open_loop && state_ == State::connecting) return begin_message();
  // Where there was no socket, what is due next waits for a turn of its own, not on this stack.
  state_ = State::pausing;
  start_timer(open_loop ? Duration::zero() : Duration(kNotConnectedDelay));
}

void Session::on_connected() {
  const SourceOptions& options = run_.options();
  state_ = State::talking;
  record_.connected();
  xclient_ = mail::fill_generated(options.xclient, connection_);
  client_.emplace(
      options.plan,
      smtp::ClientSession::Identity{.xclient = xclient_,
                                    .authenticator = authenticator_ ? &*authenticator_ : nullptr},
      messages_, *this);
  start_timer(options.reply_limit);
  if (options.proxy) stream_.output().append(proxy_header());
  if (options.tls_from_start) secure();
}

std::string Session::proxy_header() const {
  const SourceOptions& options = run_.options();
  net::SocketAddress source = stream_.local_address();
  if (!options.proxy_source.empty()) {
    const std::string text = mail::fill_generated("ADDR=" + options.proxy_source, connection_);
    const auto named = net::numeric_address(std::string_view(text).substr(5), source.port());
    if (named) source = *named;
  }
  return net::proxy_header(*options.proxy, source, connector_.address());
}

void Session::secure() {
  handshake_begun_ = now();
  stream_.secure(std::make_unique<net::TlsFilter>(*run_.tls(), std::move(tls_session_)));
}

void Session::on_secured() {
  const net::TlsFilter& tls = *stream_.tls();
  const Duration took = Clock::now() - handshake_begun_;
  run_.secured(took, tls.resumed());
  record_.secured(took, tls.resumed());
  if (run_.options().verbose) {
    inform(fmt::format("{}, {}{}", tls.version(), tls.cipher(), tls.resumed() ? ", resumed" : ""));
  }
  if (run_.options().tls_from_start) return;
  client_->secured(stream_.output());
  show_commands(0);
}

void Session::on_tls_failure(std::string_view what) {
  lost(metrics::Error::tls, std::string(what) + where());
  state_ = State::closing;
  start_timer(kFarewellLimit);
}

std::size_t Session::on_bytes(std::string_view bytes) {
  const std::size_t shown = stream_.output().size();
  const std::size_t taken = client_->feed(bytes, stream_.output());
  show_commands(shown);
  step();
  return taken;
}

// Acts on where the dialogue has arrived.
void Session::step() {
  using Phase = smtp::ClientSession::DialoguePhase;
  if (run_.failed()) return close();  // and say no more
  switch (client_->phase()) {
    case Phase::opening:
    case Phase::leaving:
      return;
    case Phase::securing:
      return secure();
    case Phase::open:
      return send_messages();
    case Phase::opening_failed:
      if (!client_->fault().empty()) {
        refused(metrics::Error::protocol, client_->fault() + where());
      }
      return say_goodbye();
    case Phase::finished:
      return close();
    case Phase::closed:
      if (!client_->fault().empty()) refused(metrics::Error::closed, client_->fault() + where());
      return close();
    case Phase::broken:
      lost(metrics::Error::protocol, client_->fault() + where());
      return close();
  }
}

// Sends as many messages as the window has room for.
void Session::send_messages() {
  const std::size_t shown = stream_.output().size();
  while (client_->may_send()) {
    if (!next_message()) break;
    state_ = State::talking;
    client_->send(record_.launch(), stream_.output());
  }
  if (client_->idle()) return all_over();
  if (client_->may_send() && may_go_on()) worker_.load_model().has_room(*this, now());
  show_commands(shown);
  watch_reply();
}

// Whether there is a message to send: one that waits, or one that may follow without a pause.
bool Session::next_message() {
  if (record_.waiting()) return true;
  if (!may_go_on()) return false;
  const Next next = worker_.load_model().next(*this, now());
  if (next.when != Next::When::now) return false;
  record_.take(next.arrival);
  return true;
}

// Whether another message may follow on this connection without a pause.
bool Session::may_go_on() const {
  const SourceOptions& options = run_.options();
  return options.keep_session && options.pause.length == Duration::zero() && !reuse_limit_reached();
}

// Whether this connection has carried as many messages as one may.
bool Session::reuse_limit_reached() const {
  const std::uint64_t limit = run_.options().session_messages;
  return limit > 0 && record_.carried() >= limit;
}

// Nothing is under way on this connection.
void Session::all_over() {
  const bool done = worker_.load_model().over(now());
  if (!run_.options().keep_session || done || client_->exhausted() || reuse_limit_reached()) {
    return say_goodbye();
  }
  pause_then_begin();
}

void Session::say_goodbye() {
  state_ = State::talking;
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
  worker_.loop().timers().stop(timer_);
  record_.ended();
  record_.lose();
  client_.reset();
  if (run_.failed() || worker_.load_model().over(now())) return done();
  pause_then_begin();
}

void Session::done() {
  state_ = State::done;
  worker_.session_done();
}

// Counted, and told as the run wants it.
void Session::refused(metrics::Error kind, const std::string& what) {
  record_.error(kind, what);
  run_.refused(kind, what);
}

void Session::lost(metrics::Error kind, const std::string& what) {
  record_.session_failed(kind, what);
  run_.lost(kind, what);
}

void Session::replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
                      smtp::Outcome outcome) {
  if (run_.options().verbose) inform("<<< " + reply.line());
  if (command.verb == smtp::Verb::data && outcome == smtp::Outcome::expected) {
    display_.content_first();
  }
  record_.replied(*client_, command, reply, outcome);
  if (outcome != smtp::Outcome::refused || command.verb == smtp::Verb::quit) return;
  refused(metrics::Error::rejected,
          fmt::format("{}: {}{}", names_of(command.verb).rejected, reply.line(), where(command)));
}

void Session::transaction_begun(std::uint64_t /*message*/) { record_.transaction_begun(); }

void Session::message_sent(std::uint64_t /*message*/) { run_.message_sent(); }

void Session::message_over(std::uint64_t message, std::size_t recipients) {
  record_.message_over(message, recipients);
}

void Session::on_end(int error) {
  switch (state_) {
    case State::connecting:
      return connect_failed(timed_out_ ? ETIMEDOUT : error, "connect");
    case State::closing:
      return closed();
    case State::pausing:
      lost(kind_of_loss(error), "lost connection between messages" + where());
      return closed();
    default:
      lost(kind_of_loss(error), loss() + where());
      return closed();
  }
}

metrics::Error Session::kind_of_loss(int error) const {
  const net::TlsFilter* const tls = stream_.tls();
  if (tls != nullptr && !tls->secured()) return metrics::Error::tls;
  return kind_of_error(timed_out_ ? ETIMEDOUT : error);
}

// What ended the connection before its time.
std::string Session::loss() const {
  const net::TlsFilter* const tls = stream_.tls();
  const std::string what = timed_out_ ? "timeout" : "lost connection";
  if (tls != nullptr && !tls->secured()) return what + " during the TLS handshake";
  return fmt::format("{} while {}", what, names_of(client_->pending_command().verb).doing);
}

void Session::on_timer(net::Timer& /*timer*/) {
  const TimePoint limit = stream_.last_progress() + run_.options().reply_limit;
  switch (state_) {
    case State::pausing:
      return begin_message();
    case State::retrying:
      return connect();
    case State::connecting:
    case State::talking:
      if (now() < limit) {
        worker_.loop().timers().start(timer_, limit);
        return;
      }
      timed_out_ = true;
      return stream_.abort();
    case State::closing:
      return stream_.abort();
    case State::done:
      return;
  }
}

void Session::start_timer(Duration delay) { worker_.loop().timers().start(timer_, now() + delay); }

// The timer that runs already looks at the stream's progress when it is due.
void Session::watch_reply() {
  if (!timer_.running()) start_timer(run_.options().reply_limit);
}

// Shows what the output gained from position `shown` on.
void Session::show_commands(std::size_t shown) {
  if (!run_.options().verbose) return;
  display_.show(stream_.output(), shown, client_->pending_command().verb == smtp::Verb::auth);
}

// Who and what a message to the user is about.
std::string Session::where() const {
  return client_ ? where(client_->pending_command()) : where(smtp::PendingCommand{});
}

std::string Session::where(const smtp::PendingCommand& command) const {
  return fmt::format(" (session {}, {})", number_ + 1, command_of(command));
}

std::string Session::command_of(const smtp::PendingCommand& command) const {
  Output text;
  switch (command.verb) {
    case smtp::Verb::connect:
      return connector_.address().text();
    case smtp::Verb::mail:
      messages_.append_mail(command.message, {}, text);
      break;
    case smtp::Verb::rcpt:
      messages_.append_rcpt(command.message, command.recipient, {}, text);
      break;
    case smtp::Verb::helo:
    case smtp::Verb::ehlo:
    case smtp::Verb::lhlo:
      return fmt::format("{} {}", keyword(command.verb), run_.options().plan.hello_name);
    default:
      return std::string(keyword(command.verb));
  }
  return text.text().substr(0, text.text().size() - 2);
}

}  // namespace millrace::source
