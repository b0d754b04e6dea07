#include "sink/control/rule_text.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::sink {
namespace {

using nlohmann::json;

TEST(RuleText, OfJsonIsThatOfToml) {
  const json rule = json::parse(R"({"name": "a \"b\" \\ \u00fc\n", "enabled": false,
      "match": {"command": ["RCPT", "."], "recipient": "/^x'+$/", "nth": 3},
      "act": {"reply": ["450 4.7.1 a", "b"], "log": true}})");
  json good = rule;
  good["name"] = "a 'b' \"c\" \\";
  const rules::RulesRead read = rules_of({good});
  ASSERT_EQ(read.mistakes, std::vector<std::string>{});
  EXPECT_EQ(read.rules.at(0).name, good["name"]);
  EXPECT_FALSE(read.rules.at(0).enabled);
  EXPECT_EQ(rule_json(read.sources.at(0)), good);
  const rules::RulesRead again = rules::read_rules(rules_toml(read.sources), "again");
  EXPECT_EQ(again.mistakes, std::vector<std::string>{});
  EXPECT_EQ(again.sources, read.sources);
  EXPECT_FALSE(rules_of({rule}).mistakes.empty());  // a line end in a name
}

TEST(RuleText, HasTablesOfARuleOnOneLine) {
  const rules::RulesRead read = rules::read_rules(
      "[[rule]]\nname = 'x'\n[rule.match]\ncommand = 'MAIL'\n[rule.act]\nstall = true\n", "file");
  ASSERT_EQ(read.mistakes, std::vector<std::string>{});
  const rules::RulesRead again =
      rules::read_rules(rules_toml({read.sources.at(0)}) + "[[rule]]\n", "again");
  EXPECT_EQ(again.rules.at(0).name, "x");
  EXPECT_TRUE(again.rules.at(0).act.stall);
}

TEST(RuleText, SaysNothingOfJsonThatIsNone) {
  for (const char* const text : {"", "{", "nul", "{} {}", "\"\xff\"", "[1,]"}) {
    EXPECT_EQ(read_json(text).mistakes.at(0).substr(0, 23), "no JSON: wrong at byte ") << text;
  }
}

}  // namespace
}  // namespace millrace::sink
