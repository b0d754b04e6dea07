#include "sink/rules/option_rules.h"

#include <gtest/gtest.h>

#include <chrono>
#include <variant>

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;
using Action = CommandOption::Action;
using smtp::Verb;

TEST(OptionRules, TheStrongerActionHoldsWhateverTheOrder) {
  CommandOption option;
  option.prefer(Action::farewell);
  option.prefer(Action::soft_reject);
  EXPECT_EQ(option.action, Action::farewell);
  option.prefer(Action::drop);
  option.prefer(Action::hard_reject);
  EXPECT_EQ(option.action, Action::drop);
}

TEST(OptionRules, AreOneACommandAndNamelessAndNoneWithoutOptions) {
  EXPECT_TRUE(option_rules({}).empty());
  CommandOptions options;
  options[Verb::rcpt].action = Action::soft_reject;
  options[Verb::mail].delay = fixed(2s);
  options.content_delay = 3s;
  const std::vector<Rule> rules = option_rules(options);
  ASSERT_EQ(rules.size(), 3U);
  for (const Rule& rule : rules) {
    EXPECT_EQ(rule.name, "");
    EXPECT_EQ(rule.match.moments.count(), 1U);
  }
  EXPECT_TRUE(rules[0].match.moments[moment(Verb::mail)]);
  EXPECT_TRUE(rules[1].match.moments[moment(Verb::rcpt)]);
  EXPECT_TRUE(rules[2].match.moments[kContent]);
}

TEST(OptionRules, AnActionComesAtOnceWhateverTheDelay) {
  CommandOptions options;
  options[Verb::mail] = {.action = Action::hard_reject, .delay = fixed(2s)};
  const std::vector<Rule> rules = option_rules(options);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_FALSE(rules[0].act.delay.has_value());
  EXPECT_TRUE(rules[0].act.reply.has_value());
}

TEST(OptionRules, ToAbortContentIsStrongerThanToWaitForIt) {
  CommandOptions options;
  options.content_delay = 3s;
  options.abort_delay = 1s;
  const std::vector<Rule> rules = option_rules(options);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].act.disconnect, Disconnect::close);
  EXPECT_EQ(rules[0].act.delay, fixed(1s));
}

}  // namespace
}  // namespace millrace::sink::rules
