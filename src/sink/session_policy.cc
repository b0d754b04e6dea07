#include "sink/session_policy.h"

namespace millrace::sink {

smtp::Decision SessionPolicy::decide(smtp::Verb verb, std::string_view /*arguments*/) {
  smtp::Decision decision = options_.rules.decide(verb, random_);
  if (verb != smtp::Verb::quit || decision.action != smtp::Decision::Action::proceed) {
    return decision;
  }
  quit_admitted_ = quotas_.admit_quit();
  return quit_admitted_ ? decision : smtp::Decision{.action = smtp::Decision::Action::drop};
}

smtp::Decision SessionPolicy::decide_content() {
  static const smtp::GivenReply kViolation = smtp::given_reply("550 This violates SMTP\r\n");
  if (options_.abort_delay) {
    return {.action = smtp::Decision::Action::farewell,
            .wait = *options_.abort_delay,
            .reply = kViolation};
  }
  return {.wait = options_.content_delay.value_or(Duration::zero())};
}

bool SessionPolicy::admit_message() {
  if (!quotas_.admit_message()) return false;
  ++messages_due_;
  return true;
}

void SessionPolicy::messages_answered(std::size_t but) {
  for (; messages_due_ > but; --messages_due_) quotas_.message_done();
}

void SessionPolicy::ended(bool quit) {
  messages_answered();
  if (quit_admitted_ && !quit) quotas_.return_quit();
}

smtp::AuthenticationStep SessionPolicy::start_authentication(
    std::string_view mechanism, std::optional<std::string_view> initial) {
  sasl_ = std::make_unique<sasl::Server>(sasl_library_, options_.users);
  return taken(sasl_->begin(mechanism, initial));
}

smtp::AuthenticationStep SessionPolicy::continue_authentication(std::string_view response) {
  return taken(sasl_->respond(response));
}

// An exchange is kept only while it goes on.
smtp::AuthenticationStep SessionPolicy::taken(smtp::AuthenticationStep step) {
  if (step.kind != smtp::AuthenticationStep::Kind::challenge) sasl_.reset();
  return step;
}

}  // namespace millrace::sink
