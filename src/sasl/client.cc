#include "sasl/client.h"

#include <fmt/format.h>
#include <gsasl.h>

#include <utility>

#include "base/diagnostics.h"
#include "base/number.h"
#include "sasl/identity.h"
#include "sasl/mechanisms.h"
#include "smtp/keyword.h"

namespace millrace::sasl {
namespace {

// Of PBKDF2 in SCRAM: a second of work, where servers ask for 4,096 to some 100,000.
constexpr std::uint64_t kMostIterations = 1'000'000;

// Of challenges. No mechanism here has more than two, and some answer whatever they are asked.
constexpr int kMostChallenges = 8;

constexpr const char* kMalformed = "server sends a malformed challenge";

// The whole message of a mechanism that carries a token (RFC 7628, 3.1).
std::string bearer(std::string_view mechanism, const User& user) {
  const std::string token = "auth=Bearer " + user.password + "\1\1";
  if (mechanism == "XOAUTH2") return "user=" + user.name + "\1" + token;
  return "n,a=" + escape_identity(user.name) + ",\1" + token;
}

// Whether the client speaks first (RFC 4422, 3.4).
bool client_first(std::string_view mechanism) {
  return mechanism != "LOGIN" && mechanism != "CRAM-MD5";
}

}  // namespace

std::optional<std::string> Client::begin() {
  done_ = false;
  challenges_ = 0;
  impossible_.clear();
  if (carries_token(mechanism_)) return encode_base64(bearer(mechanism_, user_));
  Gsasl_session* exchange = nullptr;
  const int result = gsasl_client_start(library_, std::string(mechanism_).c_str(), &exchange);
  if (result != GSASL_OK) throw Fatal(std::string("GNU SASL: ") + gsasl_strerror(result));
  exchange_ = {exchange, gsasl_finish};
  gsasl_property_set(exchange, GSASL_AUTHID, user_.name.c_str());
  gsasl_property_set(exchange, GSASL_PASSWORD, user_.password.c_str());
  if (!client_first(mechanism_)) return std::nullopt;
  return step("");
}

std::optional<std::string> Client::respond(std::string_view challenge) {
  const int most = carries_token(mechanism_) ? 1 : kMostChallenges;
  if (++challenges_ > most) {
    return cancel(
        fmt::format("server sends challenge number {}, expected at most {}", challenges_, most));
  }
  // A server that refuses a token says why, and waits for a word before the 535 (RFC 7628, 3.2.3).
  if (carries_token(mechanism_)) return encode_base64("\1");
  const auto message = decode_base64(challenge);
  if (!message) return cancel(kMalformed);
  if (proves_server(mechanism_)) {
    // SCRAM has no NUL (RFC 5802, 7); some servers of LOGIN put one behind their questions.
    if (message->find('\0') != std::string::npos) return cancel(kMalformed);
    if (asks_too_much(*message)) return std::nullopt;
  }
  return step(*message);
}

std::nullopt_t Client::cancel(std::string why) {
  impossible_ = std::move(why);
  return std::nullopt;
}

std::optional<std::string> Client::step(std::string_view message) {
  const Step next = advance(exchange_.get(), message);
  done_ = next.kind == Step::Kind::done;
  if (done_ || next.kind == Step::Kind::more) return next.output;
  return cancel(next.kind == Step::Kind::malformed ? kMalformed
                                                   : "server does not prove its identity");
}

// Each iteration is hashed here, on the thread of all sessions (RFC 5802, 5.1: "i=").
bool Client::asks_too_much(std::string_view message) {
  std::string_view rest = message;
  for (auto attribute = smtp::take_word(rest, ","); !attribute.empty();
       attribute = smtp::take_word(rest, ",")) {
    if (!attribute.starts_with("i=")) continue;
    if (whole_number(attribute.substr(2), 1, kMostIterations)) continue;
    impossible_ = fmt::format("server asks for {} iterations, expected 1 to {}",
                              attribute.substr(2), kMostIterations);
    return true;
  }
  return false;
}

std::string Client::fault() const {
  std::string why = impossible_;
  if (why.empty() && proves_server(mechanism_) && !done_) {
    why = "server has not proved that it knows the password";
  }
  return why.empty() ? why : fmt::format("authentication by {} failed: {}", mechanism_, why);
}

}  // namespace millrace::sasl
