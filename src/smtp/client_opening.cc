#include "smtp/client_opening.h"

#include <algorithm>
#include <utility>

#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

// The longest AUTH command with an initial response; a longer one is sent on its own (RFC 4954,
// 4, and RFC 5321, 4.5.3.1.4).
constexpr std::size_t kCommandLimit = 512;

std::string not_announced(std::string_view what) {
  return "server does not announce " + std::string(what);
}

}  // namespace

Outcome ClientOpening::judge(const Reply& reply) const {
  switch (awaited_) {
    case Verb::ehlo:
      return reply.code / 100 == 5         ? Outcome::tolerated
             : reply.positive_completion() ? Outcome::expected
                                           : Outcome::refused;
    case Verb::auth:
      if (reply.positive_completion() || reply.code == 334) return Outcome::expected;
      return fault_.empty() ? Outcome::refused : Outcome::tolerated;
    default:
      return reply.positive_completion() ? Outcome::expected : Outcome::refused;
  }
}

void ClientOpening::take_reply(const Reply& reply, Outcome outcome, Output& out) {
  const bool expected = outcome == Outcome::expected;
  switch (awaited_) {
    case Verb::connect:
      if (plan_.hello_name.empty()) return after_hello(out);
      return say_hello(plan_.hello_verb, out);
    case Verb::ehlo:
      if (reply.code / 100 == 5) return say_hello(Verb::helo, out);
      [[fallthrough]];
    case Verb::lhlo:
      if (expected) capabilities_ = parse_capabilities(reply.text);
      return after_hello(out);
    case Verb::starttls:
      if (!expected) return give_up({});
      state_ = State::securing;
      return;
    case Verb::xclient:
      if (!expected) return give_up({});
      introduced_ = true;
      return say_hello(plan_.hello_verb, out);
    case Verb::auth:
      if (!expected || !fault_.empty()) return give_up(fault_);
      return answer_challenge(reply, out);
    default:  // HELO
      return after_hello(out);
  }
}

void ClientOpening::secured(Output& out) {
  secured_ = true;
  say_hello(plan_.hello_verb, out);
}

// What was announced before is forgotten (RFC 3207, 4.2).
void ClientOpening::say_hello(Verb verb, Output& out) {
  capabilities_ = {};
  out.append(keyword(verb));
  out.append(" ");
  command(verb, plan_.hello_name, out);
}

// Goes on to the next step that the plan asks for.
void ClientOpening::after_hello(Output& out) {
  state_ = State::ready;
  if (plan_.wanted.has(Extension::starttls) && !secured_) {
    if (offered(Extension::starttls)) return command(Verb::starttls, "STARTTLS", out);
    if (state_ == State::failed) return;  // nothing more is said in clear
  }
  if (!xclient_.empty() && !introduced_) {
    if (offered(Extension::xclient)) {
      out.append("XCLIENT ");
      return command(Verb::xclient, xclient_, out);
    }
    if (state_ == State::failed) return;
  }
  // STARTTLS is not announced again under TLS, XCLIENT and AUTH have been looked at.
  const ExtensionSet asked =
      plan_.wanted - ExtensionSet{Extension::starttls, Extension::xclient, Extension::auth};
  const ExtensionSet missing = asked - capabilities_.extensions - plan_.optional;
  if (!missing.empty()) {
    return give_up(not_announced(keyword(missing.first())));
  }
  if (authenticator_ != nullptr && offered(Extension::auth)) start_authentication(out);
}

void ClientOpening::start_authentication(Output& out) {
  const std::string_view mechanism = authenticator_->mechanism();
  if (find_listed(mechanism, capabilities_.auth_mechanisms).empty()) {
    if (!plan_.optional.has(Extension::auth)) {
      give_up(not_announced("AUTH " + std::string(mechanism)));
    }
    return;
  }
  std::string text = "AUTH " + std::string(mechanism);
  if (const auto initial = authenticator_->begin()) {
    // An empty response is written as "=" (RFC 4954, 4).
    const std::string with_initial = text + " " + (initial->empty() ? "=" : *initial);
    if (with_initial.size() + 2 <= kCommandLimit) {
      text = with_initial;
    } else {
      held_response_ = *initial;
    }
  }
  command(Verb::auth, text, out);
}

void ClientOpening::answer_challenge(const Reply& reply, Output& out) {
  if (reply.positive_completion()) {
    state_ = State::ready;
    if (std::string fault = authenticator_->fault(); !fault.empty()) give_up(std::move(fault));
    return;
  }
  std::optional<std::string> response = std::exchange(held_response_, std::nullopt);
  if (!response) {
    response =
        authenticator_->respond(reply.text.substr(std::min<std::size_t>(4, reply.text.size())));
  }
  if (!response) fault_ = authenticator_->fault();
  command(Verb::auth, response.value_or("*"), out);
}

void ClientOpening::command(Verb verb, std::string_view text, Output& out) {
  out.append(text);
  out.append("\r\n");
  awaited_ = verb;
  state_ = State::speaking;
}

// Whether the extension can be used; when it must be and cannot, the opening has failed.
bool ClientOpening::offered(Extension extension) {
  if (capabilities_.extensions.has(extension)) return true;
  if (!plan_.optional.has(extension)) give_up(not_announced(keyword(extension)));
  return false;
}

void ClientOpening::give_up(std::string fault) {
  state_ = State::failed;
  fault_ = std::move(fault);
}

ExtensionSet ClientOpening::used() const {
  return capabilities_.extensions &
         (plan_.wanted |
          ExtensionSet{Extension::size, Extension::eight_bit_mime, Extension::limits});
}

}  // namespace millrace::smtp
