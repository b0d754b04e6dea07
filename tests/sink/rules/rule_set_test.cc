#include "sink/rules/rule_set.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/address_pool.h"
#include "sink/rules/header_lines.h"
#include "sink/rules/keys.h"
#include "sink/rules/open_session.h"
#include "sink/rules/rule_reader.h"

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;
using smtp::Verb;

constexpr Moment kRcpt = moment(Verb::rcpt);
constexpr Moment kEnd = moment(Verb::end_of_data);

// One rule of a file, named "a" if nothing else is said.
std::string rule(std::string_view match, std::string_view act, std::string_view name = "a") {
  return fmt::format("[[rule]]\nname = '{}'\nmatch = {{ {} }}\nact = {{ {} }}\n", name, match, act);
}

std::vector<Rule> read(const std::string& text) {
  RulesRead read = read_rules(text, "rules");
  EXPECT_EQ(fmt::format("{}", fmt::join(read.mistakes, "\n")), "");
  return std::move(read.rules);
}

// A set with what it counts in.
struct Sample {
  explicit Sample(const std::string& text) : set(read(text), states, windows) {}

  std::string find(Moment moment, const Facts& facts) const {
    const Found found = set.find(moment, facts);
    return found.rule == nullptr ? "" : found.rule->name;
  }

  RuleStates states{1};
  Windows windows{1};
  RuleSet set;
};

Facts facts_of(std::string_view recipient) {
  Facts facts;
  facts.now = TimePoint(1h);
  facts.client = *net::numeric_address("192.0.2.1", 25);
  facts.listener = "mx";
  facts.sender = "sender@a.test";
  facts.recipient = recipient;
  return facts;
}

constexpr std::string_view kRefuse = "reply = '450 4.7.1 No'";

TEST(RuleSet, TheFirstThatMatchesIsFound) {
  const Sample sample(
      rule("command = 'RCPT', recipient = '*@big.test'", kRefuse, "big") +
      rule("command = 'RCPT', recipient = 'a@*'", kRefuse, "a") +
      rule("command = 'RCPT', domain = ['small.test', 'big.test']", kRefuse, "late") +
      rule("command = ['DATA', 'RCPT'], recipient = '*'", kRefuse, "any"));
  EXPECT_EQ(sample.find(kRcpt, facts_of("b@BIG.test")), "big");
  EXPECT_EQ(sample.find(kRcpt, facts_of("a@big.test")), "big");
  EXPECT_EQ(sample.find(kRcpt, facts_of("a@small.test")), "a");
  EXPECT_EQ(sample.find(kRcpt, facts_of("b@Small.test")), "late");
  EXPECT_EQ(sample.find(kRcpt, facts_of("b@other.test")), "any");
  EXPECT_EQ(sample.find(moment(Verb::data), facts_of("a@big.test")), "any");
  const Found found = sample.set.find(kRcpt, facts_of("b@small.test"));
  EXPECT_EQ(found.index, 2U);
  EXPECT_EQ(found.rule, &sample.set.rules()[2]);
}

TEST(RuleSet, ARuleThatIsOffIsPassedOverAndNeedsNothing) {
  const Sample sample("[[rule]]\nenabled = false\n" +
                      rule("command = '.', header = 'x: *'", kRefuse, "off").substr(9) +
                      "[[rule]]\nenabled = false\n" +
                      rule("command = 'RCPT'", kRefuse, "off too").substr(9) +
                      rule("command = 'RCPT'", kRefuse, "on"));
  EXPECT_EQ(sample.find(kRcpt, facts_of("a@b.test")), "on");
  EXPECT_TRUE(sample.set.silent(kEnd));
  EXPECT_FALSE(sample.set.needs().head);
}

TEST(RuleSet, IsSilentWhereNoRuleIs) {
  const Sample sample(rule("command = ['RCPT', 'CONTENT']", "delay = '1s'"));
  EXPECT_FALSE(sample.set.silent(kRcpt));
  EXPECT_FALSE(sample.set.silent(kContent));
  EXPECT_TRUE(sample.set.silent(moment(Verb::mail)));
  EXPECT_EQ(sample.find(moment(Verb::mail), facts_of("")), "");
}

TEST(RuleSet, OneOfSeveralRecipientsWillDo) {
  const Sample sample(rule("command = '.', recipient = 'b@*', domain = 'big.test'", kRefuse));
  Facts facts = facts_of("");
  const auto found = [&](const std::vector<std::string>& recipients) {
    facts.recipients = recipients;
    return std::string(sample.set.find(kEnd, facts).recipient);
  };
  EXPECT_EQ(found({"a@x.test", "b@small.test", "b@big.test", "B@big.test"}), "b@big.test");
  EXPECT_EQ(found({"a@big.test", "b@small.test"}), "");
  EXPECT_EQ(found({}), "");
  const std::vector<std::string> all = {"b@big.test"};
  facts.recipients = all;
  facts.recipient = "a@big.test";  // LMTP asks for this one
  EXPECT_EQ(sample.find(kEnd, facts), "");
}

TEST(RuleSet, ASenderThatIsNotKnownIsNone) {
  const Sample sample(rule("command = 'RCPT', sender = ['*', '']", kRefuse));
  Facts facts = facts_of("a@x.test");
  EXPECT_EQ(sample.find(kRcpt, facts), "a");
  facts.sender = "";
  EXPECT_EQ(sample.find(kRcpt, facts), "a");
  facts.sender.reset();
  EXPECT_EQ(sample.find(kRcpt, facts), "");
}

TEST(RuleSet, ALineOfTheHeaderIsOneThoughItIsFolded) {
  Facts facts = facts_of("");
  const auto holds = [&](std::string_view condition, std::string_view head) {
    const Sample sample(rule(fmt::format("command = '.', header = {}", condition), kRefuse));
    facts.head = head;
    return sample.find(kEnd, facts) == "a";
  };
  EXPECT_TRUE(holds("'Subject: one two'", "To: a\r\nSubject: one\r\n two\r\n\r\n"));
  EXPECT_TRUE(holds("'subject: one\ttwo'", "Subject: one\n\ttwo\n\n"));
  EXPECT_TRUE(holds("'Subject: one'", "Subject: one"));
  EXPECT_FALSE(holds("'Subject: one'", "Subject: one\r\n two\r\n\r\n"));
  EXPECT_FALSE(holds("'Subject: *'", "To: a\r\n\r\nSubject: in the body\r\n"));
  EXPECT_FALSE(holds("'Subject: *'", "\nSubject: in the body\n"));
  EXPECT_FALSE(holds("'Subject: *'", ""));
  EXPECT_FALSE(holds("'*in the body'", "To: a\r\n\r\n blank in the body\r\n"));
  EXPECT_FALSE(holds("'*in the body'", "To: a\n\n\tblank in the body\n"));
  // What is negated no line may be.
  EXPECT_TRUE(holds("'!List-Id: *'", "Subject: one\r\n\r\nList-Id: x"));
  EXPECT_FALSE(holds("'!List-Id: *'", "Subject: one\r\nList-Id: x\r\n\r\n"));
  EXPECT_FALSE(holds("['Subject: *', '!List-Id: *']", "Subject: one\r\nList-Id: x\r\n\r\n"));
  // However long it is, all of it is looked at, folded or not.
  const std::string longer(60'000, 'x');
  EXPECT_TRUE(holds("'A: *z'", "A: " + longer + "z\n\n"));
  EXPECT_TRUE(holds("'A: *z'", "A: \n " + longer + "z\n\n"));
}

TEST(RuleSet, GroupsAreThoseOfTheConditionThatHasThem) {
  const Sample sample(rule("command = 'RCPT', recipient = '/^delay-([^@]*)@(.*)/', sender = '*'",
                           "delay = '{1}'", "delay") +
                      rule("command = '.', header = '/^Subject: (\\w+) (\\w+)/'",
                           "reply = '450 4.0.0 {2}'", "header") +
                      rule("command = 'RCPT', recipient = '/^(a)/'", kRefuse, "nobody asks"));
  const Facts facts = facts_of("delay-5s@x.test");
  const Found found = sample.set.find(kRcpt, facts);
  EXPECT_EQ(found.groups, Groups({"delay-5s@x.test", "5s", "x.test"}));
  EXPECT_TRUE(sample.set.find(kRcpt, facts_of("a@x.test")).groups.empty());
  Facts end = facts_of("");
  const std::string head = "To: b\r\nSubject: one\r\n two\r\n\r\n";
  end.head = head;
  Found of_header = sample.set.find(kEnd, end);
  const Found moved = std::move(of_header);
  EXPECT_EQ(moved.groups, Groups({"Subject: one two", "one", "two"}));
}

TEST(RuleSet, DuringComesAgainBeforeItsEndWouldBeOver) {
  const Sample sample(rule("command = 'RCPT', during = '50s-70s', every = '60s'", kRefuse));
  for (const auto& [second, holds] : std::vector<std::pair<int, bool>>{{0, false},
                                                                       {9, false},
                                                                       {49, false},
                                                                       {50, true},
                                                                       {69, true},
                                                                       {70, false},
                                                                       {109, false},
                                                                       {110, true},
                                                                       {129, true},
                                                                       {130, false},
                                                                       {170, true}}) {
    Facts facts = facts_of("a@x.test");
    facts.since_start = std::chrono::seconds(second);
    EXPECT_EQ(sample.find(kRcpt, facts) == "a", holds) << second;
  }
}

// What a condition before has ruled out is not counted.
TEST(RuleSet, ConditionsCountWhereAllBeforeHold) {
  Sample sample(rule("command = 'RCPT', recipient = 'a@*', nth = 2, over = '2/1h', per = 'all'",
                     "reply = '450 4.0.0 {count}'"));
  std::vector<std::uint64_t> counts;
  for (int command = 0; command < 8; ++command) {
    EXPECT_EQ(sample.find(kRcpt, facts_of("b@x.test")), "");
    const Facts facts = facts_of("a@x.test");
    const Found found = sample.set.find(kRcpt, facts);
    if (found.rule == nullptr) continue;
    counts.push_back(static_cast<std::uint64_t>(command));
    EXPECT_EQ(found.count, counts.size() + 2);
  }
  EXPECT_EQ(counts, std::vector<std::uint64_t>({5, 7}));  // the third and fourth of every second
}

TEST(RuleSet, HowOftenARuleMatchesIsToldWhereTheReplyNamesIt) {
  const Sample sample(rule("command = 'RCPT', nth = 2", "reply = '450 4.0.0 {count}'"));
  std::vector<std::uint64_t> counts;
  for (int command = 0; command < 6; ++command) {
    counts.push_back(sample.set.find(kRcpt, facts_of("a@x.test")).count);
  }
  EXPECT_EQ(counts, std::vector<std::uint64_t>({0, 1, 0, 2, 0, 3}));
}

TEST(RuleSet, SessionsAreOverWhileTheyAreOpen) {
  Sample sample(rule("command = 'CONNECT', sessions_over = 2, per = 'client'",
                     "reply = '421 4.7.0 Too many'"));
  constexpr Moment kConnect = moment(Verb::connect);
  Facts facts = facts_of("");
  Facts other = facts;
  other.client = *net::numeric_address("192.0.2.2", 25);
  std::vector<std::unique_ptr<OpenSession>> open;
  for (const std::string_view expected : {"", "", "a", "a"}) {
    open.push_back(std::make_unique<OpenSession>(sample.windows, facts));
    EXPECT_EQ(sample.find(kConnect, facts), expected);
  }
  EXPECT_EQ(sample.find(kConnect, other), "");
  open.pop_back();
  open.back()->client_is(other);
  EXPECT_EQ(sample.find(kConnect, facts), "");
  open.push_back(std::make_unique<OpenSession>(sample.windows, other));
  EXPECT_EQ(sample.find(kConnect, other), "");
  open.push_back(std::make_unique<OpenSession>(sample.windows, other));
  EXPECT_EQ(sample.find(kConnect, other), "a");
  open.clear();
  EXPECT_EQ(sample.windows.sessions(sessions_key(sample.windows, Per::all, facts)), 0U);
}

TEST(RuleSet, AGreylistPassesOverWhomItKnowsLongEnough) {
  const Sample sample(rule("command = 'RCPT', recipient = '*@grey.test'",
                           "greylist = '5m', reply = '451 4.7.1 Later'", "grey") +
                      rule("command = 'RCPT', recipient = 'full@*'", kRefuse, "full"));
  Facts facts = facts_of("full@grey.test");
  EXPECT_EQ(sample.find(kRcpt, facts), "grey");
  facts.now += 299s;
  EXPECT_EQ(sample.find(kRcpt, facts), "grey");
  facts.now += 1s;
  EXPECT_EQ(sample.find(kRcpt, facts), "full");
  facts.client = *net::numeric_address("192.0.2.77", 25);  // of the same network
  facts.recipient = "FULL@grey.test";
  EXPECT_EQ(sample.find(kRcpt, facts), "full");
  facts.client = *net::numeric_address("192.0.3.1", 25);
  EXPECT_EQ(sample.find(kRcpt, facts), "grey");
}

TEST(RuleSet, WhatIsCountedGoesOnInTheNextSet) {
  const std::string text = rule("command = 'RCPT', nth = 3", kRefuse, "third");
  RuleStates states(1);
  Windows windows(1);
  auto first = std::make_unique<RuleSet>(read(text), states, windows);
  EXPECT_EQ(first->find(kRcpt, facts_of("")).rule, nullptr);
  EXPECT_EQ(first->find(kRcpt, facts_of("")).rule, nullptr);
  auto second =
      std::make_unique<RuleSet>(read(rule("command = 'DATA'", kRefuse) + text), states, windows);
  first.reset();
  EXPECT_NE(second->find(kRcpt, facts_of("")).rule, nullptr);
  // One that no set has begins anew.
  EXPECT_EQ(second->find(kRcpt, facts_of("")).rule, nullptr);
  second = std::make_unique<RuleSet>(std::vector<Rule>(), states, windows);
  second = std::make_unique<RuleSet>(read(text), states, windows);
  EXPECT_EQ(second->find(kRcpt, facts_of("")).rule, nullptr);
  EXPECT_EQ(second->find(kRcpt, facts_of("")).rule, nullptr);
  EXPECT_NE(second->find(kRcpt, facts_of("")).rule, nullptr);
}

// How many of so many commands each rule matches, asked for by so many threads.
std::vector<std::uint64_t> hits(int thread_count) {
  constexpr int kCommands = 80'000;
  Sample sample(rule("command = 'RCPT', nth = 7", kRefuse, "nth") +
                rule("command = 'RCPT', probability = '10%'", "delay = '1s-2s'", "chance") +
                rule("command = 'RCPT', over = '60000/1h'", kRefuse, "over"));
  std::array<std::atomic<std::uint64_t>, 3> found{};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < thread_count; ++thread) {
      threads.emplace_back([&] {
        const Facts facts = facts_of("a@x.test");
        for (int command = 0; command < kCommands / thread_count; ++command) {
          const Found one = sample.set.find(kRcpt, facts);
          if (one.rule == nullptr) continue;
          ++found[one.index];
          if (one.rule->act.delay) draw(*one.rule->act.delay, one.state->dice.roll(), {});
        }
      });
    }
  }
  return {found.begin(), found.end()};
}

TEST(RuleSet, MatchesAsOftenWhateverTheThreads) {
  const auto alone = hits(1);
  EXPECT_EQ(alone[0], 80'000U / 7);
  EXPECT_NEAR(static_cast<double>(alone[1]), 6'857, 400);
  EXPECT_EQ(alone[2], 80'000 - alone[0] - alone[1] - 60'000);
  EXPECT_EQ(hits(2), alone);
  EXPECT_EQ(hits(8), alone);
}

TEST(RuleSet, NeedsWhatItsRulesLookAt) {
  const auto needs = [](std::string_view match, std::string_view act) {
    const auto [facts, recipients, head, size, each] = Sample(rule(match, act)).set.needs();
    std::string names;
    if (facts) names += "facts ";
    if (recipients) names += "recipients ";
    if (head) names += "head ";
    if (size) names += "size ";
    if (each) names += "each ";
    return names;
  };
  EXPECT_EQ(needs("command = 'RCPT'", kRefuse), "");
  EXPECT_EQ(needs("command = '*', probability = '1%', nth = 2", "delay = '1s'"), "");
  EXPECT_EQ(needs("command = 'RCPT'", "reply = '450 4.0.0 {rule} {count}'"), "");
  EXPECT_EQ(needs("command = 'RCPT'", "reply = '450 4.0.0 {client}'"), "facts ");
  EXPECT_EQ(needs("command = 'RCPT'", "reply = '450 4.0.0 {recipient}'"), "facts ");
  EXPECT_EQ(needs("command = 'CONNECT', client = '10.0.0.0/8'", kRefuse), "facts ");
  EXPECT_EQ(needs("command = 'RCPT', recipient = 'a@*'", kRefuse), "facts ");
  EXPECT_EQ(needs("command = 'RCPT', over = '1/1s', per = 'domain'", kRefuse), "facts ");
  EXPECT_EQ(needs("command = 'RCPT'", "greylist = '1s', reply = '451 4.7.1 Later'"), "facts ");
  EXPECT_EQ(needs("command = 'RCPT'", "log = true"), "facts ");
  EXPECT_EQ(needs("command = 'DATA', domain = 'a.test'", kRefuse), "facts recipients ");
  EXPECT_EQ(needs("command = '.', domain = 'a.test'", kRefuse), "facts recipients each ");
  EXPECT_EQ(needs("command = '.'", "reply = '450 4.0.0 {domain}'"), "facts recipients each ");
  EXPECT_EQ(needs("command = '.', header = 'X: *'", kRefuse), "facts head ");
  EXPECT_EQ(needs("command = '.', size = '>1M'", kRefuse), "facts size ");
  EXPECT_EQ(needs("command = 'MAIL', size = '>1M'", kRefuse), "facts ");
}

}  // namespace
}  // namespace millrace::sink::rules
