#include "sink/rules/rule.h"

#include <algorithm>
#include <variant>

namespace millrace::sink::rules {
namespace {

std::size_t group_named(const Delay& delay) {
  const auto* group = std::get_if<OfGroup>(&delay);
  return group == nullptr ? 0 : group->group;
}

bool has_groups(const std::optional<Patterns>& patterns) {
  return patterns && patterns->groups() > 0;
}

}  // namespace

const Patterns* grouping_condition(const Match& match) {
  for (const auto condition : kPatternConditions) {
    if (has_groups(match.*condition)) return &*(match.*condition);
  }
  const bool user = match.authenticated && has_groups(match.authenticated->user);
  return user ? &*match.authenticated->user : nullptr;
}

std::size_t groups_named(const Act& act) {
  std::size_t largest = act.reply ? act.reply->groups() : 0;
  if (act.delay) largest = std::max(largest, group_named(*act.delay));
  for (const LaterAnswer& answer : act.later) {
    largest = std::max(largest, group_named(answer.delay));
  }
  return largest;
}

}  // namespace millrace::sink::rules
