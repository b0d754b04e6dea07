#include "sasl/server.h"

#include <gsasl.h>

#include <array>

#include "base/diagnostics.h"
#include "sasl/identity.h"
#include "sasl/mechanisms.h"

namespace millrace::sasl {
namespace {

using smtp::AuthenticationStep;
using Kind = AuthenticationStep::Kind;

// No mechanism here needs more; a client that answers nothing would be asked for ever.
constexpr std::size_t kResponseLimit = 8;

// GNU SASL asks for what it needs to know of a user.
int answer(Gsasl*, Gsasl_session* exchange, Gsasl_property property) {
  const auto* const users = static_cast<const UserTable*>(gsasl_session_hook_get(exchange));
  if (users == nullptr) return GSASL_NO_CALLBACK;  // a client's exchange
  const char* const name = gsasl_property_fast(exchange, GSASL_AUTHID);
  const std::string* const password = name != nullptr ? users->password(name) : nullptr;
  switch (property) {
    case GSASL_PASSWORD:
      if (password == nullptr) return GSASL_NO_CALLBACK;
      gsasl_property_set(exchange, GSASL_PASSWORD, password->c_str());
      return GSASL_OK;
    case GSASL_VALIDATE_SIMPLE: {
      const char* const given = gsasl_property_fast(exchange, GSASL_PASSWORD);
      const bool right = password != nullptr && given != nullptr && *password == given;
      return right ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
    }
    default:
      return GSASL_NO_CALLBACK;
  }
}

// What a server that looks at nothing asks, a challenge after the other. Empty: in the initial
// response all has been said.
struct Script {
  std::string_view mechanism;
  std::array<std::string_view, 2> challenges;
  std::size_t length;
};

constexpr std::array<Script, 5> kScripts = {{
    {"PLAIN", {""}, 1},
    {"LOGIN", {"Username:", "Password:"}, 2},
    {"CRAM-MD5", {"<1.1@smtp-sink>"}, 1},
    {"XOAUTH2", {""}, 1},
    {"OAUTHBEARER", {""}, 1},
}};

const Script& script_of(std::string_view mechanism) {
  for (const Script& script : kScripts) {
    if (script.mechanism == mechanism) return script;
  }
  throw Fatal("no script for " + std::string(mechanism));
}

// The value between "auth=Bearer " and the next ^A, and the user before it.
struct Token {
  std::string user;
  std::string value;
};

std::string between(std::string_view text, std::string_view before, char after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start + before.size());
  return std::string(text.substr(0, text.find(after)));
}

Token parse_token(std::string_view mechanism, std::string_view message) {
  return {.user = mechanism == "XOAUTH2"
                      ? between(message, "user=", '\1')
                      : unescape_identity(between(message, ",a=", ',')).value_or(""),
          .value = between(message, "auth=Bearer ", '\1')};
}

// Whom the first response of a mechanism that nobody looks at names: "authorization NUL user NUL
// password" (RFC 4616), "user" (LOGIN), "user digest" (RFC 2195).
std::string claimed_user(std::string_view mechanism, std::string_view message) {
  if (carries_token(mechanism)) return parse_token(mechanism, message).user;
  if (mechanism == "PLAIN") return between(message, {"\0", 1}, '\0');
  if (mechanism == "CRAM-MD5") message = message.substr(0, message.rfind(' '));
  return std::string(message);
}

}  // namespace

UserTable::UserTable(const std::vector<User>& users) {
  for (const User& user : users) passwords_[user.name] = user.password;
}

const std::string* UserTable::password(const std::string& name) const {
  const auto found = passwords_.find(name);
  return found == passwords_.end() ? nullptr : &found->second;
}

AuthenticationStep Server::begin(std::string_view mechanism,
                                 std::optional<std::string_view> initial) {
  mechanism_ = mechanism;
  responses_ = 0;
  done_ = refused_ = false;
  // RFC 4954, 4. Of LOGIN, which nobody specified, many clients send the user name at once.
  if (initial && mechanism == "CRAM-MD5") return {.kind = Kind::unexpected};
  const bool own = users_.everybody() || carries_token(mechanism);
  if (!own) {
    Gsasl_session* exchange = nullptr;
    gsasl_callback_set(library_, answer);
    const int result = gsasl_server_start(library_, mechanism_.c_str(), &exchange);
    if (result != GSASL_OK) return {.kind = Kind::refused};
    exchange_ = {exchange, gsasl_finish};
    gsasl_session_hook_set(exchange, const_cast<UserTable*>(&users_));
    if (!initial || mechanism != "LOGIN") return respond_as_usual(initial.value_or(""));
    respond_as_usual("");  // the question that has been answered already
    return respond(*initial);
  }
  if (initial) return respond(*initial);
  const Script& script = script_of(mechanism_);
  return {.kind = Kind::challenge, .challenge = encode_base64(script.challenges[0])};
}

AuthenticationStep Server::respond(std::string_view response) {
  if (refused_ || ++responses_ > kResponseLimit) return {.kind = Kind::refused};
  if (done_) return {.kind = response.empty() ? Kind::accepted : Kind::malformed};
  if (users_.everybody()) return accept_anybody(response);
  if (carries_token(mechanism_)) return judge_token(response);
  return respond_as_usual(response);
}

AuthenticationStep Server::respond_as_usual(std::string_view response) {
  const auto message = decode_base64(response);
  if (!message) return {.kind = Kind::malformed};
  const Step step = advance(exchange_.get(), *message);
  switch (step.kind) {
    case Step::Kind::more:
      return {.kind = Kind::challenge, .challenge = step.output};
    case Step::Kind::done:
      if (const char* const name = gsasl_property_fast(exchange_.get(), GSASL_AUTHID)) user_ = name;
      if (step.output.empty()) return {.kind = Kind::accepted};
      // SMTP has no place for data with success: it goes as a last challenge (RFC 4954, 4).
      done_ = true;
      return {.kind = Kind::challenge, .challenge = step.output};
    case Step::Kind::malformed:
      return {.kind = Kind::malformed};
    case Step::Kind::failed:
      break;
  }
  return {.kind = Kind::refused};
}

AuthenticationStep Server::accept_anybody(std::string_view response) {
  const auto message = decode_base64(response);
  if (!message) return {.kind = Kind::malformed};
  if (responses_ == 1) user_ = claimed_user(mechanism_, *message);
  const Script& script = script_of(mechanism_);
  if (responses_ >= script.length) return {.kind = Kind::accepted};
  return {.kind = Kind::challenge, .challenge = encode_base64(script.challenges[responses_])};
}

AuthenticationStep Server::judge_token(std::string_view response) {
  const auto message = decode_base64(response);
  if (!message) return {.kind = Kind::malformed};
  const Token token = parse_token(mechanism_, *message);
  const std::string* const wanted = users_.password(token.user);
  user_ = token.user;
  if (wanted != nullptr && *wanted == token.value) return {.kind = Kind::accepted};
  // The client is told why and acknowledges that, then comes the 535 (RFC 7628, 3.2.3).
  refused_ = true;
  return {.kind = Kind::challenge, .challenge = encode_base64(R"({"status":"invalid_token"})")};
}

}  // namespace millrace::sasl
