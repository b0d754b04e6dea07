#include "sink/rules/rule_set.h"

#include <optional>
#include <utility>

#include "sink/rules/conditions.h"
#include "sink/rules/keys.h"

namespace millrace::sink::rules {
namespace {

// The recipient that rules are asked about; of several, the first.
std::string_view first_recipient(Moment moment, const Facts& facts) {
  if (about_one(moment, facts) || facts.recipients.empty()) return facts.recipient;
  return facts.recipients.front();
}

// Its domain, if it is the only one.
std::optional<std::string_view> only_domain(Moment moment, const Facts& facts) {
  if (!about_one(moment, facts) && facts.recipients.size() > 1) return std::nullopt;
  return domain_of(first_recipient(moment, facts));
}

}  // namespace

RuleSet::RuleSet(std::vector<Rule> rules, RuleStates& states, Windows& windows)
    : rules_(std::move(rules)), needs_(needs_of(rules_)), windows_(windows) {
  for (std::uint32_t place = 0; place < rules_.size(); ++place) {
    const auto& [name, enabled, match, act] = rules_[place];
    prepared_.push_back(
        {.state = states.of(name),
         .conditions = conditions_of(match),
         .of_recipient = is_of_recipient(rules_[place]),
         .grouping = groups_named(act) > 0 ? grouping_condition(match) : nullptr,
         .counted = act.reply && act.reply->names(ReplyText::Field::count) && !match.over});
    for (Moment moment = 0; enabled && moment < kMomentCount; ++moment) {
      if (match.moments[moment]) of_moment_[moment].add(place, match);
    }
  }
  states.tidy();
}

Found RuleSet::find(Moment moment, const Facts& facts, OncePerMessage* once) const {
  using Asked = OncePerMessage::Asked;
  Found found;
  const std::string_view first = first_recipient(moment, facts);
  const auto matches = [&](std::size_t place) {
    found.count = 0;
    found.recipient = first;
    found.groups.clear();
    Asked* const asked =
        once != nullptr && !prepared_[place].of_recipient ? &(*once)[place] : nullptr;
    if (asked != nullptr && *asked == Asked::does_not) return false;
    found.again = asked != nullptr && *asked == Asked::holds;
    const bool holds = found.again || this->matches(place, moment, facts, found);
    if (asked != nullptr) *asked = holds ? Asked::holds : Asked::does_not;
    if (!holds) return false;
    found.rule = &rules_[place];
    found.index = place;
    found.state = prepared_[place].state.get();
    return true;
  };
  if (!of_moment_[moment].any(only_domain(moment, facts), matches)) return {};
  return found;
}

bool RuleSet::matches(std::size_t place, Moment moment, const Facts& facts, Found& found) const {
  const Rule& rule = rules_[place];
  const Prepared& prepared = prepared_[place];
  const Question question = {rule.match, moment, facts, prepared.grouping, found};
  if (!hold(prepared.conditions, question)) return false;
  if (!counts_match(rule, *prepared.state, facts, found)) return false;
  if (const auto& age = rule.act.greylist) {
    const auto triplet = triplet_key(windows_, rule.name, facts, found.recipient);
    if (windows_.known_for(triplet, *age, facts.now)) return false;
  }
  if (prepared.counted) found.count = 1 + prepared.state->matches.fetch_add(1);
  return true;
}

// The conditions that count, in the order in which they do.
bool RuleSet::counts_match(const Rule& rule, RuleState& state, const Facts& facts,
                           Found& found) const {
  const Match& match = rule.match;
  if (const auto& open = match.sessions_over) {
    if (windows_.sessions(sessions_key(windows_, open->per, facts)) <= open->count) return false;
  }
  if (match.nth != 0 && (1 + state.candidates.fetch_add(1)) % match.nth != 0) return false;
  if (match.probability && state.chance.roll().unit() >= *match.probability) return false;
  if (!match.over) return true;
  const auto& [count, window, per] = *match.over;
  const auto key = over_key(windows_, rule.name, per, facts, found.recipient);
  const Windows::Taken taken = windows_.take(key, count, window, facts.now);
  found.count = taken.number;
  return taken.over;
}

}  // namespace millrace::sink::rules
