#include "sink/capture_observer.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <string>

#include "base/diagnostics.h"

namespace millrace::sink {
namespace {

// What XCLIENT may say of the client, and what that becomes of the session.
struct Attribute {
  std::string_view name;
  std::string CapturedSession::*member;
};
constexpr std::array<Attribute, 5> kAttributes = {{
    {"ADDR", &CapturedSession::client_address},
    {"HELO", &CapturedSession::helo},
    {"NAME", &CapturedSession::client_name},
    {"PORT", &CapturedSession::client_port},
    {"LOGIN", &CapturedSession::client_login},
}};

std::string captured_address(const net::SocketAddress& peer) {
  const std::string host = peer.host();
  return host.find(':') != std::string::npos ? "ipv6:" + host : host;
}

}  // namespace

void CaptureObserver::opened(const net::SocketAddress& peer, TimePoint /*now*/) {
  session_.client_address = captured_address(peer);
}

void CaptureObserver::speaks_for(const net::SocketAddress& source) {
  session_.client_address = captured_address(source);
}

void CaptureObserver::greeted(smtp::Verb verb, std::string_view name) {
  session_.helo = name;
  session_.protocol = verb == smtp::Verb::lhlo   ? "LMTP"
                      : verb == smtp::Verb::ehlo ? "ESMTP"
                                                 : "SMTP";
}

void CaptureObserver::hello_forgotten() { greeted(smtp::Verb::helo, {}); }

void CaptureObserver::client_attribute(std::string_view name, std::string_view value) {
  for (const Attribute& attribute : kAttributes) {
    if (attribute.name == name) session_.*attribute.member = value;
  }
}

void CaptureObserver::mail(std::string_view arguments) {
  capture_.mail(arguments, std::time(nullptr), session_);
}

void CaptureObserver::recipient(std::string_view arguments) { capture_.recipient(arguments); }

void CaptureObserver::transaction_aborted() { capture_.abort(); }

void CaptureObserver::content(std::string_view bytes, smtp::Form form) {
  capture_.content(bytes, form, session_);
}

smtp::Storage CaptureObserver::message_complete() {
  const int error = capture_.complete();
  if (error == 0) return smtp::Storage::kept;
  warn(describe_error("message not stored in " + capture_.destination(), error));
  return error == EMSGSIZE ? smtp::Storage::too_large : smtp::Storage::failed;
}

}  // namespace millrace::sink
