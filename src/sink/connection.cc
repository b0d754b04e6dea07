#include "sink/connection.h"

#include <algorithm>
#include <utility>

#include "base/diagnostics.h"
#include "sink/capture_observer.h"
#include "sink/display.h"
#include "sink/session_recorder.h"
#include "sink/worker.h"

namespace millrace::sink {
namespace {

// How long a client may take to hang up after our goodbye.
constexpr std::chrono::seconds kFarewellLimit{2};

}  // namespace

Connection::Connection(Worker& worker, std::size_t place)
    : place(place),
      worker_(worker),
      shared_(worker.shared()),
      stream_(worker.loop(), *this, net::Side::server),
      timer_(*this),
      policy_(shared_.options, shared_.quotas, worker.random(), worker.sasl()),
      session_(shared_.options.profile, shared_.replies, policy_, observers_) {
  const SinkOptions& options = shared_.options;
  if (options.verbose) observers_.add(std::make_unique<Display>());
  if (options.rules.any_logged()) observers_.add(std::make_unique<CommandLog>(options.rules));
  if (Recorder* const recorder = worker.recorder()) {
    observers_.add(std::make_unique<SessionRecorder>(*recorder));
  }
  if (options.capture.mode != CaptureOptions::Mode::off) {
    observers_.add(std::make_unique<CaptureObserver>(options.capture, options.profile.host_name,
                                                     shared_.append_log));
  }
}

Connection::~Connection() = default;

void Connection::start(FileDescriptor socket, const net::SocketAddress& peer) {
  const SinkOptions& options = shared_.options;
  observers_.opened(peer, worker_.loop().now());
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
        observers_.speaks_for(*source);
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
  after_step();
}

void Connection::secure() { stream_.secure(std::make_unique<net::TlsFilter>(*shared_.tls)); }

void Connection::on_secured() {
  const net::TlsFilter& tls = *stream_.tls();
  shared_.quotas.secured(tls.resumed(), tls.has_peer_certificate());
  observers_.secured({.version = tls.version(),
                      .cipher = tls.cipher(),
                      .resumed = tls.resumed(),
                      .client_certificate = tls.has_peer_certificate()});
  if (shared_.options.tls_from_start) return greet();
  session_.secured();
}

// Told on standard error, and to whoever counts it.
void Connection::complain(metrics::Error kind, std::string_view what) {
  warn(what);
  observers_.failed(kind, what);
}

void Connection::on_tls_failure(std::string_view what) {
  complain(metrics::Error::tls, what);
  ending_ = Ending::ours;  // the stream finishes by itself
  worker_.loop().timers().start(timer_, worker_.loop().now() + kFarewellLimit);
}

std::size_t Connection::on_bytes(std::string_view bytes) {
  if (proxy_) {
    const std::size_t header = read_proxy_header(bytes);
    const bool greeted = !proxy_ && session_.phase() == smtp::ServerSession::SessionPhase::command;
    const bool more = greeted && stream_.tls() == nullptr && header < bytes.size();
    return more ? header + on_bytes(bytes.substr(header)) : header;
  }
  const std::size_t taken = session_.feed(bytes, stream_.output());
  after_step();
  return taken;
}

void Connection::on_dropped(std::uint64_t bytes) {
  session_.skip(bytes, stream_.output());
  after_step();
}

// Brings timers and counters in line with where the session stands now.
void Connection::after_step() {
  using SessionPhase = smtp::ServerSession::SessionPhase;
  policy_.messages_answered(session_.owes_final_reply() ? 1 : 0);
  if (session_.phase() == SessionPhase::paused) {
    stream_.hold();
    worker_.loop().timers().start(timer_, worker_.loop().now() + session_.wait());
    return;
  }
  if (session_.phase() == SessionPhase::replying) return stream_.hold();
  if (session_.phase() == SessionPhase::securing) return secure();
  if (session_.phase() != SessionPhase::closed || stream_.finishing()) return;
  using Why = smtp::ServerSession::Ending;
  if (session_.ending() == Why::command_too_long) {
    complain(metrics::Error::protocol, "command line too long");
  }
  end(session_.ending() == Why::quit ? Ending::quit : Ending::ours);
}

// Goes on with replies that had to wait for the client to take those ahead of them.
void Connection::on_all_sent() {
  using SessionPhase = smtp::ServerSession::SessionPhase;
  // Sending may tell of its end at once, from within.
  if (session_.phase() != SessionPhase::replying || std::exchange(replying_, true)) return;
  while (session_.phase() == SessionPhase::replying &&
         stream_.output().size() < smtp::ServerSession::kReplyBound) {
    go_on();
  }
  replying_ = false;
  if (session_.phase() != SessionPhase::replying) stream_.release();
}

// Ends a pause, or goes on with replies.
void Connection::go_on() {
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
  using SessionPhase = smtp::ServerSession::SessionPhase;
  if (stream_.finishing()) return stream_.abort();
  if (session_.phase() == SessionPhase::paused) {
    go_on();
    if (session_.phase() == SessionPhase::paused) return;
    if (!stream_.finishing()) watch_idle();
    if (session_.phase() != SessionPhase::replying) stream_.release();
    return;
  }
  const TimePoint now = worker_.loop().now();
  const auto& whole = shared_.options.session_time_limit;
  if (whole && now >= begun_ + *whole) {
    stream_.output().append(shared_.replies.session_too_long);
    observers_.dismissed(shared_.replies.session_too_long);
    observers_.failed(metrics::Error::timeout, "session time limit");
    return end(Ending::ours);
  }
  if (now < stream_.last_progress() + shared_.options.idle_limit) return watch_idle();
  complain(metrics::Error::timeout, "read timeout");
  ending_ = Ending::ours;
  stream_.abort();
}

void Connection::on_end(int error) {
  observers_.ended(ending_, error, worker_.loop().now());
  // A QUIT that could not be answered does not count. That its client is gone shows only when the
  // reply is sent: in a pause nothing is read, and a client that has closed its side behind QUIT,
  // as it may, waits for the reply.
  const bool quit = ending_ == Ending::quit && error == 0;
  policy_.ended(quit);
  worker_.remove(*this, quit);
}

}  // namespace millrace::sink
