#include "smtp/server_authentication.h"

#include "smtp/keyword.h"
#include "smtp/server_replies.h"

namespace millrace::smtp {

using namespace replies;

std::string_view ServerAuthentication::begin(std::string_view arguments) {
  if (authenticated_) return kAuthenticatedAlready;
  const std::string_view mechanism = find_listed(take_word(arguments), profile_.auth_mechanisms);
  if (mechanism.empty()) return kAuthUnknown;
  std::string_view initial = take_word(arguments);
  if (initial.empty()) return take_step(policy_.start_authentication(mechanism, std::nullopt));
  if (initial == "=") initial = {};  // an empty one (RFC 4954, 4)
  return take_step(policy_.start_authentication(mechanism, initial));
}

std::string_view ServerAuthentication::respond(std::string_view line) {
  if (line != "*") return take_step(policy_.continue_authentication(line));
  going_on_ = false;
  return kAuthCancelled;
}

std::string_view ServerAuthentication::take_step(const AuthenticationStep& step) {
  going_on_ = step.kind == AuthenticationStep::Kind::challenge;
  switch (step.kind) {
    case AuthenticationStep::Kind::challenge:
      challenge_ = "334 " + step.challenge + "\r\n";
      return challenge_;
    case AuthenticationStep::Kind::accepted:
      authenticated_ = true;
      return kAuthenticated;
    case AuthenticationStep::Kind::malformed:
      return kAuthMalformed;
    case AuthenticationStep::Kind::unexpected:
      return kAuthUnexpected;
    case AuthenticationStep::Kind::refused:
      break;
  }
  return kAuthRefused;
}

}  // namespace millrace::smtp
