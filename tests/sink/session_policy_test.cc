// What rules make of whole sessions, where a decision of one command is not all of it.
#include "sink/session_policy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/address_pool.h"
#include "output_text.h"
#include "sink/rules/rule_reader.h"
#include "smtp/server_session.h"

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;
using Phase = smtp::ServerSession::SessionPhase;
using Protocol = smtp::ServerProfile::Protocol;

// A session of a sink with rules, without a connection.
class RuledSession : public testing::Test {
 protected:
  void begin(const std::string& text, Protocol protocol = Protocol::smtp) {
    session.reset();
    policy.reset();
    observers = {};
    rules.reset();
    in_force.emplace(compiled(text));
    rules.emplace(*in_force);
    Listener plain;
    plain.profile.protocol = protocol;
    listener.emplace(plain);
    auto facts = std::make_unique<SessionFacts>(*rules, windows, *listener, 1, TimePoint());
    auto later = std::make_unique<AnswerObserver>(queue);
    policy.emplace(SessionPolicy::With{.options = options,
                                       .quotas = quotas,
                                       .rules = *rules,
                                       .facts = facts.get(),
                                       .later = later.get(),
                                       .sasl = nullptr});
    observers.add(std::move(facts));
    observers.add(std::move(later));
    observers.opened(*net::numeric_address("127.0.0.1", 1), TimePoint());
    session.emplace(listener->profile, listener->replies, *policy, observers);
    session->start({}, out);
    test::take(out);
  }

  rules::Snapshot compiled(const std::string& text) {
    rules::RulesRead read = rules::read_rules(text, "rules");
    EXPECT_EQ(read.mistakes, std::vector<std::string>());
    return std::make_shared<const rules::RuleSet>(std::move(read.rules), states, windows);
  }

  // Other rules hold from now on.
  void swap(const std::string& text) {
    in_force->replace(compiled(text));
    rules->renew();
  }

  std::string say(const std::string& input) {
    session->feed(input, out);
    while (session->phase() == Phase::paused) session->resume(out);
    return test::take(out);
  }

  // The last reply to a message.
  std::string message(const std::vector<std::string>& recipients) {
    say("MAIL FROM:<a@a>\r\n");
    for (const std::string& recipient : recipients) say("RCPT TO:<" + recipient + ">\r\n");
    say("DATA\r\n");
    return say("Subject: x\r\n\r\nx\r\n.\r\n");
  }

  SinkOptions options;
  Quotas quotas{{}, {}, [] {}};
  rules::RuleStates states{1};
  rules::Windows windows{1};
  AnswerQueue queue;
  std::optional<rules::InForce> in_force;
  std::optional<rules::WorkerRules> rules;
  std::optional<OpenListener> listener;
  SessionObservers observers;
  std::optional<SessionPolicy> policy;
  std::optional<smtp::ServerSession> session;
  Output out;
};

TEST_F(RuledSession, WhatARecipientIsAnsweredMayBeRepeated) {
  begin(R"(
[[rule]]
name = "stutters"
match = { command = ".", recipient = "b@*" }
act = { raw = "250-b\r\n", repeat = 3 }
[[rule]]
name = "all others"
match = { command = "." }
act = { raw = "250 x\r\n", repeat = 2 }
)",
        Protocol::lmtp);
  EXPECT_EQ(message({"a@d", "b@d", "c@d"}),
            "250 x\r\n250 x\r\n250-b\r\n250-b\r\n250-b\r\n250 x\r\n250 x\r\n");
  EXPECT_EQ(message({"a@d"}), "250 x\r\n250 x\r\n");
}

// Each recipient says how long it takes, also where the rule is about a message and all of them.
TEST_F(RuledSession, WhatComesLaterWaitsAsItsOwnRecipientSays) {
  for (const Protocol protocol : {Protocol::smtp, Protocol::lmtp}) {
    for (const std::string condition :
         {"recipient = ['!none@*', '/^in-([0-9]+s)@/']", "domain = '/^in-([0-9]+s)$/'"}) {
      SCOPED_TRACE(condition);
      begin("[[rule]]\nname = 'later'\nmatch = { command = '.', " + condition +
                " }\nact = { complaint = { delay = '{1}' } }\n",
            protocol);
      const TimePoint before = Clock::now();
      message({"in-900s@in-900s", "x@d", "in-60s@in-60s", "in-300s@in-300s"});
      const TimePoint after = Clock::now();
      for (const Duration wait : std::vector<Duration>{60s, 300s, 900s}) {
        const auto answer = queue.take(TimePoint::max());
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->recipient.substr(0, 5), "in-" + std::to_string(wait / 1s).substr(0, 2));
        EXPECT_GE(answer->due, before + wait);
        EXPECT_LE(answer->due, after + wait);
      }
      EXPECT_FALSE(queue.take(TimePoint::max()));
    }
  }
}

// A transaction keeps what the rules that held at its MAIL look at. Of what others look at nothing
// is known until the next one: it is not what came since the rules were swapped.
TEST_F(RuledSession, RulesThatCameDuringATransactionKnowOnlyWhatWasKept) {
  const std::string none =
      "[[rule]]\nname = 'x'\nmatch = { command = 'VRFY' }\nact = { log = true }\n";
  for (const Protocol protocol : {Protocol::smtp, Protocol::lmtp}) {
    for (const std::string condition :
         {"size = '<1M'", "header = '*'", "header = '!X:*'", "recipient = '*'", "domain = '!x'"}) {
      SCOPED_TRACE(condition);
      const std::string refusing = "[[rule]]\nname = 'end'\nmatch = { command = '.', " + condition +
                                   " }\nact = { reply = '450 {sender} {size}' }\n";
      begin(none, protocol);
      say("MAIL FROM:<a@a>\r\nRCPT TO:<b@b>\r\n");
      swap(refusing);
      say("RCPT TO:<c@c>\r\nDATA\r\nSubject: x\r\n");
      EXPECT_EQ(say("\r\nx\r\n.\r\n").substr(0, 3), "250");
      EXPECT_EQ(message({"b@b"}).substr(0, 9), "450 a@a 1");
      // What was kept may be more than anybody looks at.
      say("MAIL FROM:<a@a>\r\nRCPT TO:<b@b>\r\n");
      swap(none);
      EXPECT_EQ(say("DATA\r\n\r\nx\r\n.\r\n").substr(0, 4), "354 ");
      EXPECT_EQ(message({"b@b"}).substr(0, 3), "250");
    }
  }
}

}  // namespace
}  // namespace millrace::sink
