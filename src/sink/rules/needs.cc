#include "sink/rules/needs.h"

#include <algorithm>
#include <array>

namespace millrace::sink::rules {
namespace {

using Field = ReplyText::Field;

constexpr Moment kRecipient = moment(smtp::Verb::rcpt);
constexpr Moment kEnd = moment(smtp::Verb::end_of_data);

// What a reply says that a session has to know.
constexpr std::array kFacts = {Field::client,    Field::helo,   Field::sender,
                               Field::recipient, Field::domain, Field::size};

bool names_facts(const Act& act) {
  return act.reply && std::any_of(kFacts.begin(), kFacts.end(),
                                  [&](Field field) { return act.reply->names(field); });
}

bool has_conditions(const Match& match) {
  return std::any_of(kPatternConditions.begin(), kPatternConditions.end(),
                     [&](auto condition) { return (match.*condition).has_value(); }) ||
         match.client || match.tls || match.authenticated || !match.size.empty() || match.during ||
         match.sessions_over || match.over;
}

void add(const Rule& rule, Needs& needs) {
  const auto& [name, enabled, match, act] = rule;
  const bool answered_later = !act.later.empty();
  const bool at_end = match.moments[kEnd];
  if (has_conditions(match) || names_facts(act) || act.greylist || act.log || answered_later) {
    needs.facts = true;
  }
  Moments later = match.moments;
  later.reset(kRecipient);
  if (answered_later || (is_of_recipient(rule) && later.any())) needs.recipients = true;
  if (answered_later || match.header) needs.head = true;
  if (at_end && (!match.size.empty() || (act.reply && act.reply->names(Field::size)))) {
    needs.size = true;
  }
  if (at_end && is_of_recipient(rule)) needs.each_recipient = true;
}

}  // namespace

bool is_of_recipient(const Rule& rule) {
  const Match& match = rule.match;
  const bool counted =
      match.over && (match.over->per == Per::recipient || match.over->per == Per::domain);
  return match.recipient || match.domain || counted || rule.act.greylist ||
         (rule.act.reply && rule.act.reply->names_recipient());
}

Needs needs_of(const std::vector<Rule>& rules) {
  Needs needs;
  for (const Rule& rule : rules) {
    if (rule.enabled) add(rule, needs);
  }
  return needs;
}

}  // namespace millrace::sink::rules
