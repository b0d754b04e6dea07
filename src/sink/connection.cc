#include "sink/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <syslog.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "sink/display.h"
#include "sink/worker.h"

namespace millrace::sink {
namespace {

// How long a client may take to hang up after our goodbye.
constexpr std::chrono::seconds kFarewellLimit{2};

constexpr std::size_t kSyslogArgumentLimit = 100;
constexpr std::string_view kViolation = "550 This violates SMTP\r\n";

std::string captured_address(const net::SocketAddress& peer) {
  const std::string host = peer.host();
  return host.find(':') != std::string::npos ? "ipv6:" + host : host;
}

}  // namespace

Connection::Connection(Worker& worker, std::size_t place)
    : place(place),
      worker_(worker),
      shared_(worker.shared()),
      stream_(worker.loop(), *this, net::Side::server),
      timer_(*this),
      session_(shared_.options.profile, shared_.replies, *this) {}

Connection::~Connection() = default;

void Connection::start(net::Socket socket, const net::SocketAddress& peer) {
  const SinkOptions& options = shared_.options;
  if (options.capture.mode != CaptureOptions::Mode::off) {
    capture_.reset(
        new CaptureState{.session = {.client_address = captured_address(peer), .helo = {}},
                         .capture{options.capture, options.profile.host_name, shared_.append_log}});
  }
  if (options.verbose) inform("connect from " + peer.text());
  if (Tally* const tally = worker_.tally()) tally->session_opened(worker_.loop().now());
  stream_.open(std::move(socket));
  begun_ = worker_.loop().now();
  trusted_ = net::contains(options.xclient_from, peer);
  watch_idle();
  if (net::contains(options.proxies, peer)) {
    proxy_ = std::make_unique<net::ProxyReader>();
  } else {
    begin();
  }
}

// Returns how much of `bytes` belonged to the header.
std::size_t Connection::read_proxy_header(std::string_view bytes) {
  std::string_view rest = bytes;
  switch (proxy_->feed(rest)) {
    case net::ProxyReader::Result::more:
      break;
    case net::ProxyReader::Result::bad:
      complain(metrics::Error::protocol, "bad PROXY header");
      ending_ = Ending::ours;
      stream_.abort();
      break;
    case net::ProxyReader::Result::done:
      if (const auto& source = proxy_->source()) {
        trusted_ = net::contains(shared_.options.xclient_from, *source);
        if (shared_.options.verbose) inform("on behalf of " + source->text());
        if (capture_) capture_->session.client_address = captured_address(*source);
      }
      proxy_.reset();
      begin();
      break;
  }
  return bytes.size() - rest.size();
}

void Connection::begin() {
  if (shared_.options.tls_from_start) return secure();
  greet();
  stream_.flush();
}

void Connection::greet() {
  session_.start({.secured = stream_.tls() != nullptr, .trusted = trusted_}, stream_.output());
  show_replies(0);
  after_step();
}

void Connection::secure() { stream_.secure(std::make_unique<net::TlsFilter>(*shared_.tls)); }

void Connection::on_secured() {
  const net::TlsFilter& tls = *stream_.tls();
  shared_.ledger.secured(tls.resumed(), tls.has_peer_certificate());
  if (Tally* const tally = worker_.tally()) tally->secured(tls.resumed());
  if (shared_.options.verbose) {
    inform(fmt::format("{}{}{}", tls.description(), tls.resumed() ? ", resumed" : "",
                       tls.has_peer_certificate() ? ", with a client certificate" : ""));
  }
  if (shared_.options.tls_from_start) return greet();
  // What the client called itself in the clear is forgotten (RFC 3207, 4.2).
  if (capture_) greeted(smtp::Verb::helo, {});
  session_.secured();
}

void Connection::heard(std::string_view line) {
  if (!shared_.options.verbose) return;
  const bool secret = session_.phase() == smtp::ServerSession::Phase::sasl;
  inform("client: " + (secret ? std::string(kAuthentication) : shown_command(line)));
}

smtp::Ruling Connection::rule(smtp::Verb verb, std::string_view arguments) {
  using Action = smtp::Ruling::Action;
  const Rule& rule = shared_.options.rules[verb];
  if (rule.log) log_to_syslog(verb, arguments);
  const smtp::Ruling ruling = shared_.options.rules.ruling(verb);
  if (ruling.action != Action::proceed) return ruling;
  if (verb == smtp::Verb::quit) {
    if (!shared_.ledger.admit_quit()) return {.action = Action::drop};
    quit_admitted_ = true;
  }
  if (!rule.delay) return {};
  const Duration wait = rule.delay->draw(worker_.random());
  pause_ += wait;
  return {.wait = wait > Duration::zero()};
}

smtp::Ruling Connection::rule_content() {
  const SinkOptions& options = shared_.options;
  if (options.abort_delay) {
    pause_ = *options.abort_delay;
    return {.action = smtp::Ruling::Action::farewell, .wait = true, .reply = kViolation};
  }
  pause_ = options.content_delay.value_or(Duration::zero());
  return {.wait = options.content_delay.has_value()};
}

void Connection::greeted(smtp::Verb verb, std::string_view name) {
  if (!capture_) return;
  capture_->session.helo = name;
  capture_->session.protocol = verb == smtp::Verb::lhlo   ? "LMTP"
                               : verb == smtp::Verb::ehlo ? "ESMTP"
                                                          : "SMTP";
}

void Connection::replied(std::optional<smtp::Verb> verb, std::string_view reply,
                         std::size_t copies) {
  if (Tally* const tally = worker_.tally()) tally->replied(verb, reply, copies, transaction_);
}

void Connection::mail(std::string_view arguments) {
  transaction_ = {};
  if (Tally* const tally = worker_.tally()) tally->mail();
  if (capture_) capture_->capture.mail(arguments, std::time(nullptr), capture_->session);
}

void Connection::recipient(std::string_view arguments) {
  if (capture_) capture_->capture.recipient(arguments);
}

void Connection::transaction_aborted() {
  if (capture_) capture_->capture.abort();
}

bool Connection::wants_content() const { return capture_ || shared_.options.verbose; }

void Connection::content(std::string_view bytes, smtp::Form form) {
  if (shared_.options.verbose) {
    inform(fmt::format("client: ({} bytes of content)", bytes.size()));
  }
  if (capture_) capture_->capture.content(bytes, form, capture_->session);
}

smtp::Storage Connection::message_complete() {
  if (!shared_.ledger.admit_message()) {
    transaction_aborted();
    return smtp::Storage::turned_away;
  }
  ++messages_due_;
  transaction_.stored = true;
  if (!capture_) return smtp::Storage::kept;
  const int error = capture_->capture.complete();
  if (error == 0) return smtp::Storage::kept;
  warn(describe_error("message not stored in " + capture_->capture.destination(), error));
  return error == EMSGSIZE ? smtp::Storage::too_large : smtp::Storage::failed;
}

smtp::AuthenticationStep Connection::start_authentication(std::string_view mechanism,
                                                          std::optional<std::string_view> initial) {
  sasl_ = std::make_unique<sasl::Server>(worker_.sasl(), shared_.options.users);
  return ended(sasl_->begin(mechanism, initial));
}

smtp::AuthenticationStep Connection::continue_authentication(std::string_view response) {
  return ended(sasl_->respond(response));
}

// An exchange is kept only while it goes on.
smtp::AuthenticationStep Connection::ended(smtp::AuthenticationStep step) {
  if (step.kind != smtp::AuthenticationStep::Kind::challenge) sasl_.reset();
  return step;
}

void Connection::client_attribute(std::string_view name, std::string_view value) {
  if (!capture_) return;
  CapturedSession& session = capture_->session;
  if (name == "ADDR") session.client_address = value;
  if (name == "HELO") session.helo = value;
  if (name == "NAME") session.client_name = value;
  if (name == "PORT") session.client_port = value;
  if (name == "LOGIN") session.client_login = value;
}

// Told on standard error, and counted.
void Connection::complain(metrics::Error kind, std::string_view what) {
  warn(what);
  if (Tally* const tally = worker_.tally()) tally->error(kind, what);
}

void Connection::on_tls_failure(std::string_view what) {
  complain(metrics::Error::tls, what);
  ending_ = Ending::ours;  // the stream finishes by itself
  worker_.loop().timers().start(timer_, worker_.loop().now() + kFarewellLimit);
}

std::size_t Connection::on_bytes(std::string_view bytes) {
  if (proxy_) {
    const std::size_t header = read_proxy_header(bytes);
    const bool more = !proxy_ && stream_.tls() == nullptr && header < bytes.size();
    return more ? header + on_bytes(bytes.substr(header)) : header;
  }
  const std::size_t shown = stream_.output().text().size();
  const std::size_t taken = session_.feed(bytes, stream_.output());
  show_replies(shown);
  after_step();
  return taken;
}

void Connection::on_dropped(std::uint64_t bytes) {
  const std::size_t shown = stream_.output().text().size();
  session_.skip(bytes, stream_.output());
  show_replies(shown);
  after_step();
}

// Brings timers and counters in line with where the session stands now.
void Connection::after_step() {
  using Phase = smtp::ServerSession::Phase;
  if (session_.phase() == Phase::paused) {
    stream_.hold();
    worker_.loop().timers().start(timer_,
                                  worker_.loop().now() + std::exchange(pause_, Duration::zero()));
    return;
  }
  if (session_.phase() == Phase::replying) return stream_.hold();
  settle_messages();
  if (session_.phase() == Phase::securing) return secure();
  if (session_.phase() != Phase::closed || stream_.finishing()) return;
  using Why = smtp::ServerSession::Ending;
  if (session_.ending() == Why::command_too_long) {
    complain(metrics::Error::protocol, "command line too long");
  }
  end(session_.ending() == Why::quit ? Ending::quit : Ending::ours);
}

// Goes on with replies that had to wait for the client to take those ahead of them.
void Connection::on_all_sent() {
  using Phase = smtp::ServerSession::Phase;
  // Sending may tell of its end at once, from within.
  if (session_.phase() != Phase::replying || std::exchange(replying_, true)) return;
  while (session_.phase() == Phase::replying &&
         stream_.output().size() < smtp::ServerSession::kReplyBound) {
    go_on();
  }
  replying_ = false;
  if (session_.phase() != Phase::replying) stream_.release();
}

// Ends a pause, or goes on with replies.
void Connection::go_on() {
  const std::size_t shown = stream_.output().text().size();
  session_.resume(stream_.output());
  show_replies(shown);
  after_step();
  stream_.flush();
}

void Connection::settle_messages() {
  for (; messages_due_ > 0; --messages_due_) shared_.ledger.message_done();
}

void Connection::finish() {
  if (ending_ == Ending::clients) end(Ending::ours);
}

// Closes in order.
void Connection::end(Ending ending) {
  ending_ = ending;
  stream_.finish();
  worker_.loop().timers().start(timer_, worker_.loop().now() + kFarewellLimit);
}

void Connection::watch_idle() {
  TimePoint limit = stream_.last_progress() + shared_.options.idle_limit;
  if (const auto& whole = shared_.options.session_time_limit)
    limit = std::min(limit, begun_ + *whole);
  worker_.loop().timers().start(timer_, limit);
}

void Connection::on_timer(net::Timer& /*timer*/) {
  using Phase = smtp::ServerSession::Phase;
  if (stream_.finishing()) return stream_.abort();
  if (session_.phase() == Phase::paused) {
    go_on();
    if (session_.phase() == Phase::paused) return;
    if (!stream_.finishing()) watch_idle();
    if (session_.phase() != Phase::replying) stream_.release();
    return;
  }
  const TimePoint now = worker_.loop().now();
  const auto& whole = shared_.options.session_time_limit;
  if (whole && now >= begun_ + *whole) {
    stream_.output().append(shared_.replies.session_too_long);
    if (Tally* const tally = worker_.tally()) {
      tally->error(metrics::Error::timeout, "session time limit");
    }
    return end(Ending::ours);
  }
  if (now < stream_.last_progress() + shared_.options.idle_limit) return watch_idle();
  complain(metrics::Error::timeout, "read timeout");
  ending_ = Ending::ours;
  stream_.abort();
}

void Connection::on_end(int error) {
  if (shared_.options.verbose) {
    inform(error == 0 ? "disconnect" : describe_error("disconnect", error));
  }
  settle_messages();
  if (Tally* const tally = worker_.tally()) {
    tally->session_ended(begun_, worker_.loop().now());
    if (ending_ == Ending::clients) count_loss(*tally, error);
  }
  const bool quit = ending_ == Ending::quit;
  if (quit_admitted_ && !quit) shared_.ledger.return_quit();
  worker_.remove(*this, quit);
}

// The client ended the session without QUIT.
void Connection::count_loss(Tally& tally, int error) {
  if (error == 0) return tally.error(metrics::Error::closed, "the client closed without QUIT");
  tally.error(error == ECONNRESET ? metrics::Error::reset : metrics::Error::other,
              describe_error("disconnect", error));
}

// Shows the lines of the output from position `shown` on.
void Connection::show_replies(std::size_t shown) {
  if (!shared_.options.verbose) return;
  std::string_view text = std::string_view(stream_.output().text()).substr(shown);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    inform("server: " + std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

void Connection::log_to_syslog(smtp::Verb verb, std::string_view arguments) const {
  const std::string text =
      printable(shown_arguments(verb, arguments).substr(0, kSyslogArgumentLimit));
  syslog(LOG_INFO, "%s %s", std::string(keyword(verb)).c_str(), text.c_str());
}

}  // namespace millrace::sink
