#include "sink/session_policy.h"

#include <fmt/format.h>
#include <syslog.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "sink/rules/conditions.h"
#include "sink/rules/decision.h"

namespace millrace::sink {
namespace {

using Action = smtp::Decision::Action;
using smtp::Decision;
using smtp::Verb;

constexpr rules::Facts kNoFacts;
constexpr rules::Moment kEnd = rules::moment(Verb::end_of_data);

}  // namespace

Decision SessionPolicy::decide(Verb verb, std::string_view arguments) {
  Decision decision = ask_about(verb, arguments);
  const bool may_be_refused = verb != Verb::connect && verb != Verb::quit;
  if (with_.lint != nullptr && may_be_refused) with_.lint->object(decision);
  return decision;
}

Decision SessionPolicy::ask_about(Verb verb, std::string_view arguments) {
  if (verb == Verb::mail || verb == Verb::rset || verb == Verb::quit) throttle_ = 0;
  if (verb == Verb::starttls) tls_fault_ = rules::TlsFault::none;
  Decision decision = verb == Verb::end_of_data ? ask_options(rules::moment(verb))
                                                : ask_at(rules::moment(verb), arguments);
  if (verb != Verb::quit || decision.action != Action::proceed) return decision;
  quit_admitted_ = with_.quotas.admit_quit();
  return quit_admitted_ ? decision : Decision{.action = Action::drop};
}

// A command with which no message ends is none that rules are about; options may be.
Decision SessionPolicy::ask_options(rules::Moment moment) {
  const auto& rules = with_.rules.set().rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const rules::Rule& rule) {
    return rule.name.empty() && rule.match.moments[moment];
  });
  if (found == rules.end()) return {};
  return rules::decision_of({.rule = &*found, .state = with_.rules.set().state(*found)}, kNoFacts);
}

Decision SessionPolicy::ask_at(rules::Moment moment, std::string_view arguments, Whose whose) {
  if (with_.rules.set().silent(moment)) return {};
  const rules::Facts& facts =
      with_.facts != nullptr ? with_.facts->at(moment, arguments) : kNoFacts;
  return ask(moment, facts, whose, nullptr);
}

// Options about content are about what follows a 354.
Decision SessionPolicy::decide_content(smtp::Form form) {
  throttle_ = 0;
  Decision decision =
      ask_at(rules::kContent, {}, form == smtp::Form::dotted ? Whose::all : Whose::files);
  // Content that is read slowly begins with a pause: none of it is read with its command.
  if (throttle_ > 0)
    decision.wait = std::max<Duration>(decision.wait, std::chrono::microseconds(1));
  return decision;
}

Decision SessionPolicy::decide_handshake() {
  tls_fault_ = rules::TlsFault::none;
  return ask_at(rules::moment(Verb::starttls), {}, Whose::files);
}

// What the first rule that matches says.
Decision SessionPolicy::ask(rules::Moment moment, const rules::Facts& facts, Whose whose,
                            rules::OncePerMessage* once) {
  const bool whole = moment == kEnd && facts.recipient.empty();
  const rules::Found found = with_.rules.set().find(moment, facts, once);
  if (found.rule == nullptr) return {};
  if (whose == Whose::files && found.rule->name.empty()) return {};  // those of options come last
  if (with_.facts != nullptr) with_.facts->about(found.recipient);
  const rules::Act& act = found.rule->act;
  if (with_.later != nullptr && !act.later.empty()) ask_later(found, facts, whole);
  if (found.again) return once_[found.index];
  with_.rules.hit(found.index);
  if (act.log) log(*found.rule, moment, facts);
  if (act.tls_fault != rules::TlsFault::none) tls_fault_ = act.tls_fault;
  if (moment == rules::kContent) throttle_ = act.throttle;
  Decision decision = rules::decision_of(found, facts);
  if (once != nullptr) once_[found.index] = decision;
  return decision;
}

// `whole`: it is about a message with all recipients that the rule is about.
void SessionPolicy::ask_later(const rules::Found& found, const rules::Facts& facts, bool whole) {
  rules::Groups groups = found.groups;
  for (const rules::LaterAnswer& answer : found.rule->act.later) {
    const auto ask_for = [&](std::string_view recipient) {
      with_.later->asked_for(answer, recipient,
                             rules::draw(answer.delay, found.state->dice.roll(), groups));
    };
    if (!whole) {
      ask_for(found.recipient);
      continue;
    }
    for (const std::string& recipient : facts.recipients) {
      if (rules::holds_for(found.rule->match, recipient, groups)) ask_for(recipient);
    }
  }
}

Decision SessionPolicy::decide_end() {
  Decision decision = ask_about_end();
  if (with_.lint != nullptr) with_.lint->object(decision);
  return decision;
}

// LMTP answers for each recipient (RFC 2033, 4.2), so rules that are about one are asked for each.
// What can only be done once is done if one of them has it: the longest wait, the first close.
Decision SessionPolicy::ask_about_end() {
  throttle_ = 0;
  const std::size_t recipients = with_.facts != nullptr ? with_.facts->recipients() : 0;
  if (recipients == 0 || with_.rules.set().silent(kEnd)) return ask_at(kEnd, {});
  with_.facts->at(kEnd, {});
  Decision whole;
  auto replies = std::make_shared<std::vector<smtp::RecipientReply>>(recipients);
  rules::OncePerMessage once(with_.rules.set().rules().size());
  once_.clear();
  for (std::size_t number = 0; number < recipients; ++number) {
    Decision one = ask(kEnd, with_.facts->for_recipient(number), Whose::all, &once);
    whole.wait = std::max(whole.wait, one.wait);
    whole.step = std::max(whole.step, one.step);
    const bool goes_on = one.action == Action::proceed || one.action == Action::answer;
    if (goes_on) {
      (*replies)[number] = {.text = std::move(one.reply), .repeat = one.repeat};
    } else if (whole.action == Action::proceed) {
      one.wait = whole.wait;
      whole = std::move(one);
    }
  }
  whole.each = std::move(replies);
  return whole;
}

void SessionPolicy::log(const rules::Rule& rule, rules::Moment moment, const rules::Facts& facts) {
  const auto shown = [](std::string_view text) { return printable(beginning(text)); };
  std::string line =
      fmt::format("rule {}: {} from {}", rule.name, rules::moment_name(moment), facts.client_text);
  if (facts.sender) line += fmt::format(", sender <{}>", shown(*facts.sender));
  if (!facts.recipient.empty()) line += fmt::format(", recipient <{}>", shown(facts.recipient));
  syslog(LOG_INFO, "%s", line.c_str());
}

bool SessionPolicy::admit_message() {
  if (!with_.quotas.admit_message()) return false;
  ++messages_due_;
  return true;
}

void SessionPolicy::messages_answered(std::size_t but) {
  for (; messages_due_ > but; --messages_due_) with_.quotas.message_done();
}

void SessionPolicy::ended(bool quit) {
  messages_answered();
  if (quit_admitted_ && !quit) with_.quotas.return_quit();
}

smtp::AuthenticationStep SessionPolicy::start_authentication(
    std::string_view mechanism, std::optional<std::string_view> initial) {
  sasl_ = std::make_unique<sasl::Server>(with_.sasl, with_.options.users);
  return taken(sasl_->begin(mechanism, initial));
}

smtp::AuthenticationStep SessionPolicy::continue_authentication(std::string_view response) {
  return taken(sasl_->respond(response));
}

// An exchange is kept only while it goes on.
smtp::AuthenticationStep SessionPolicy::taken(smtp::AuthenticationStep step) {
  using Kind = smtp::AuthenticationStep::Kind;
  if (step.kind == Kind::accepted && with_.facts != nullptr) {
    with_.facts->authenticated(sasl_->user());
  }
  if (step.kind != Kind::challenge) sasl_.reset();
  return step;
}

}  // namespace millrace::sink
