#include "sink/rules/conditions.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <optional>

#include "sink/rules/header_lines.h"
#include "smtp/path.h"

namespace millrace::sink::rules {
namespace {

// One that is not negated must hold, if there is any such, and none that is.
template <typename Several, typename Holds>
bool any_and_none(const Several& several, const Holds& holds) {
  const auto& any = several.any;
  const auto& none = several.none;
  return (any.empty() || std::any_of(any.begin(), any.end(), holds)) &&
         std::none_of(none.begin(), none.end(), holds);
}

Groups* groups(const Question& question, const Patterns& patterns) {
  return &patterns == question.grouping ? &question.found.groups : nullptr;
}

// A text that is not known is empty.
bool matches(const Question& question, const Patterns& patterns, std::string_view text) {
  return patterns.matches(text, groups(question, patterns));
}

bool tls(const Question& question) {
  using Is = TlsCondition::Is;
  return any_and_none(*question.match.tls, [version = question.facts.tls](Is is) {
    switch (is) {
      case Is::off:
        return version == 0;
      case Is::on:
        return version != 0;
      case Is::tls12:
        return version == 12;
      case Is::tls13:
        return version == 13;
    }
    return false;
  });
}

bool size(const Question& question) {
  const auto& ranges = question.match.size;
  const auto size = question.facts.size;
  return size && std::any_of(ranges.begin(), ranges.end(), [&](const SizeRange& range) {
           return range.least <= *size && *size <= range.most;
         });
}

bool during(const Question& question) {
  const During& during = *question.match.during;
  if (question.facts.since_start < during.from) return false;
  Duration since_from = question.facts.since_start - during.from;
  if (during.every > Duration::zero()) since_from %= during.every;
  return since_from < during.to - during.from;
}

bool authenticated(const Question& question) {
  const Authenticated& condition = *question.match.authenticated;
  const Facts& facts = question.facts;
  if (!condition.user) return facts.authenticated == condition.wanted;
  return facts.authenticated && matches(question, *condition.user, facts.user);
}

bool client(const Question& question) {
  return any_and_none(*question.match.client, [&](const net::Network& network) {
    return network.contains(question.facts.client);
  });
}

bool listener(const Question& question) {
  return matches(question, *question.match.listener, question.facts.listener);
}

bool sender(const Question& question) {
  const auto sender = question.facts.sender;
  return sender && matches(question, *question.match.sender, *sender);
}

bool helo(const Question& question) {
  return matches(question, *question.match.helo, question.facts.helo);
}

// Both conditions of a recipient, for the same one.
bool one_recipient(const Question& question, std::string_view address) {
  const auto& recipient = question.match.recipient;
  const auto& domain = question.match.domain;
  if (recipient && !matches(question, *recipient, address)) return false;
  if (domain && !matches(question, *domain, domain_of(address))) return false;
  question.found.recipient = address;
  return true;
}

bool recipient(const Question& question) {
  const Facts& facts = question.facts;
  if (about_one(question.moment, facts)) return one_recipient(question, facts.recipient);
  return std::any_of(facts.recipients.begin(), facts.recipients.end(),
                     [&](const std::string& address) { return one_recipient(question, address); });
}

bool header(const Question& question) {
  const Patterns& patterns = *question.match.header;
  const auto head = question.facts.head;
  return head && header_matches(patterns, *head, groups(question, patterns), question.found.line);
}

struct Condition {
  bool (*given)(const Match& match);
  bool (*holds)(const Question& question);
};

template <auto kMember>
bool has(const Match& match) {
  return (match.*kMember).has_value();
}
bool has_size(const Match& match) { return !match.size.empty(); }
bool has_recipient(const Match& match) { return match.recipient || match.domain; }

// In the order in which they are asked: what costs least comes first.
constexpr std::array<Condition, 10> kConditions = {{
    {has<&Match::tls>, tls},
    {has_size, size},
    {has<&Match::during>, during},
    {has<&Match::authenticated>, authenticated},
    {has<&Match::client>, client},
    {has<&Match::listener>, listener},
    {has<&Match::sender>, sender},
    {has<&Match::helo>, helo},
    {has_recipient, recipient},
    {has<&Match::header>, header},
}};

}  // namespace

std::string_view domain_of(std::string_view address) {
  const std::string_view domain = smtp::split_mailbox(address).domain;
  return domain.substr(domain.empty() ? 0 : 1);
}

bool about_one(Moment moment, const Facts& facts) {
  return moment == rules::moment(smtp::Verb::rcpt) || !facts.recipient.empty();
}

bool holds_for(const Match& match, std::string_view recipient, Groups& groups) {
  const Patterns* const grouping = grouping_condition(match);
  const auto holds = [&](const std::optional<Patterns>& condition, std::string_view text) {
    return !condition || condition->matches(text, &*condition == grouping ? &groups : nullptr);
  };
  return holds(match.recipient, recipient) && holds(match.domain, domain_of(recipient));
}

Conditions conditions_of(const Match& match) {
  Conditions conditions = 0;
  for (std::size_t row = 0; row < kConditions.size(); ++row) {
    if (kConditions[row].given(match)) conditions |= Conditions{1} << row;
  }
  return conditions;
}

bool hold(Conditions conditions, const Question& question) {
  for (Conditions left = conditions; left != 0; left &= left - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(left));
    if (!kConditions[row].holds(question)) return false;
  }
  return true;
}

}  // namespace millrace::sink::rules
