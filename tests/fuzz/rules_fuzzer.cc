// Files of rules: read, or refused with the places of all mistakes. What is read can be used.
#include <string>

#include "pieces.h"
#include "sink/rules/rule_reader.h"

using namespace millrace;
using namespace millrace::sink::rules;

namespace {

// No line is too long, and each has a code.
void check_reply(std::string_view reply) {
  fuzz::require(reply.ends_with("\r\n"));
  while (!reply.empty()) {
    const std::size_t end = reply.find("\r\n") + 2;
    fuzz::require(end <= 512 && end >= 5 && is_reply_code(reply.substr(0, 3)));
    reply.remove_prefix(end);
  }
}

void check_rule(const Rule& rule, std::string_view said) {
  fuzz::require(!rule.name.empty() && rule.match.moments.any());
  Groups groups;
  const Patterns* const condition = grouping_condition(rule.match);
  if (condition != nullptr) static_cast<void>(condition->matches(said, &groups));
  fuzz::require(groups_named(rule.act) <= (condition == nullptr ? 0 : condition->groups()));
  const Facts facts{.helo = said, .sender = said, .recipient = said, .head = said};
  if (!rule.act.reply) return;
  const auto reply =
      rule.act.reply->compose(facts, {.rule = rule.name, .count = 1, .groups = &groups});
  if (!rule.act.raw) check_reply(*reply);
  fuzz::require(!reply->empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const RulesRead read = read_rules(text, "rules");
  for (const std::string& mistake : read.mistakes) {
    fuzz::require(mistake.starts_with("rules:") && mistake.find('\n') == std::string::npos);
  }
  if (!read.mistakes.empty()) return 0;
  for (const Rule& rule : read.rules) check_rule(rule, text);
  return 0;
}
