// How a connection opens: the header of a proxy, TLS or what a rule has in its place, the greeting.

#include <memory>
#include <utility>

#include "sink/connection.h"
#include "sink/worker.h"

namespace millrace::sink {
namespace {

// What comes in place of a handshake: a fatal alert, handshake_failure (RFC 8446, 6), and what is
// no TLS at all.
constexpr std::string_view kAlert("\x15\x03\x03\x00\x02\x02\x28", 7);
constexpr std::string_view kGarbage = "This is no ServerHello.\r\n";

}  // namespace

void Connection::start(FileDescriptor socket, const net::SocketAddress& peer) {
  const SinkOptions& options = shared_.options;
  observers_.opened(peer, worker_.loop().now());
  stream_.open(std::move(socket));
  begun_ = worker_.loop().now();
  trusted_ = net::contains(options.xclient_from, peer);
  resumed_ = begun_;
  arm();
  of_known_proxy_ = net::contains(options.proxies, peer);
  if (listener_.expects_proxy_header || of_known_proxy_) {
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
        // What just anybody says of whom it speaks for is no reason to trust it.
        trusted_ = of_known_proxy_ && net::contains(shared_.options.xclient_from, *source);
        observers_.speaks_for(*source);
      }
      proxy_.reset();
      begin();
      break;
  }
  return bytes.size() - rest.size();
}

void Connection::begin() {
  if (!listener_.tls_from_start) {
    greet();
    return stream_.flush();
  }
  tell_time();
  handshake_ = std::make_unique<smtp::Decision>(policy_.decide_handshake());
  if (handshake_->wait > Duration::zero()) {
    return wait_until(worker_.loop().now() + handshake_->wait);
  }
  begin_handshake();
}

// Does what was decided about TLS that no command asks for.
void Connection::begin_handshake() {
  using Action = smtp::Decision::Action;
  const auto decision = std::exchange(handshake_, nullptr);
  if (decision->action == Action::proceed) return secure();
  if (decision->action == Action::stall) {
    fault_ = rules::TlsFault::stall;
    return;
  }
  if (decision->reset) stream_.reset();
  end(Ending::ours);
}

// What is there when the greeting goes out was said before it.
void Connection::look_for_early_talk() {
  if (lint_ == nullptr || lint_->greeting_sent() || stream_.tls() != nullptr) return;
  lint_->spoke_first(stream_.unread(SessionFindings::kSample));
}

void Connection::greet() {
  tell_time();
  look_for_early_talk();
  session_.start({.secured = stream_.tls() != nullptr, .trusted = trusted_}, stream_.output());
  after_step();
}

// Turns to TLS, or to what a rule has in its place.
void Connection::secure() {
  using rules::TlsFault;
  const TlsFault fault = policy_.tls_fault();
  if (fault == TlsFault::alert || fault == TlsFault::garbage || fault == TlsFault::stall) {
    fault_ = fault;
    return;
  }
  const FaultyCertificates* const faulty = shared_.faulty_certificates;
  const net::TlsContext* const other = faulty != nullptr ? faulty->of(fault) : nullptr;
  stream_.secure(std::make_unique<net::TlsFilter>(other != nullptr ? *other : *shared_.tls));
}

// What the client begins its handshake with is not looked at.
std::size_t Connection::take_handshake(std::string_view bytes) {
  if (fault_ == rules::TlsFault::stall) return bytes.size();
  stream_.output().append(fault_ == rules::TlsFault::alert ? kAlert : kGarbage);
  end(Ending::ours);
  return bytes.size();
}

}  // namespace millrace::sink
