#include "sasl/client.h"

#include <gsasl.h>

#include "base/diagnostics.h"
#include "sasl/mechanisms.h"

namespace millrace::sasl {
namespace {

// The whole message of a mechanism that carries a token (RFC 7628, 3.1).
std::string bearer(std::string_view mechanism, const User& user) {
  const std::string token = "auth=Bearer " + user.password + "\1\1";
  if (mechanism == "XOAUTH2") return "user=" + user.name + "\1" + token;
  return "n,a=" + user.name + ",\1" + token;
}

// Whether the client speaks first (RFC 4422, 3.4).
bool client_first(std::string_view mechanism) {
  return mechanism != "LOGIN" && mechanism != "CRAM-MD5";
}

}  // namespace

std::optional<std::string> Client::begin() {
  if (carries_token(mechanism_)) return encode_base64(bearer(mechanism_, user_));
  Gsasl_session* exchange = nullptr;
  const int result = gsasl_client_start(library_, std::string(mechanism_).c_str(), &exchange);
  if (result != GSASL_OK) throw Fatal(std::string("GNU SASL: ") + gsasl_strerror(result));
  exchange_ = {exchange, gsasl_finish};
  gsasl_property_set(exchange, GSASL_AUTHID, user_.name.c_str());
  gsasl_property_set(exchange, GSASL_PASSWORD, user_.password.c_str());
  if (!client_first(mechanism_)) return std::nullopt;
  return respond({});
}

std::optional<std::string> Client::respond(std::string_view challenge) {
  // A server that refuses a token says why, and waits for a word before the 535 (RFC 7628, 3.2.3).
  if (carries_token(mechanism_)) return encode_base64("\1");
  const Step step = advance(exchange_.get(), challenge);
  if (step.kind != Step::Kind::more && step.kind != Step::Kind::done) return std::nullopt;
  return step.output;
}

}  // namespace millrace::sasl
