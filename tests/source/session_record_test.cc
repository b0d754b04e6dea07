#include "source/session_record.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "mail/message.h"
#include "source/recorder.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using metrics::LatencyPhase;
using smtp::Verb;

mail::MessageOptions message_options() {
  mail::MessageOptions options;
  options.reverse_path = "a@b";
  options.forward_path = "c@d";
  options.body = "x\r\n";
  return options;
}

// A session without a socket: what the server says and when is made up.
class SessionRecordTest : public testing::Test, public smtp::ClientObserver {
 protected:
  SessionRecordTest() { plan.hello_name = "me"; }

  // The connection is there, and the server greets.
  void connect() {
    record.connecting(now);
    now += 100us;
    record.connected(now);
    client.emplace(plan, smtp::ClientSession::Identity{}, messages, *this);
    after(200us, "220 x\r\n");
  }
  // As long as this after all before, the server says something.
  void after(Duration time, std::string_view said) {
    now += time;
    client->feed(said, out);
  }
  void take(std::uint64_t message) { record.take({.message = message, .intended = now}, now); }
  void launch() { client->send(record.launch(now), out); }
  void send(std::uint64_t message) {
    take(message);
    launch();
  }
  // A pipelining server is connected to.
  void connect_pipelining(std::size_t window) {
    plan.hello_verb = Verb::ehlo;
    plan.wanted = {smtp::Extension::pipelining};
    plan.window = window;
    connect();
    after(300us, "250-x\r\n250 PIPELINING\r\n");
  }

  [[nodiscard]] const metrics::Metrics& measured() const { return recorder->stages()[0]; }
  [[nodiscard]] const metrics::Counters& counted() const { return measured().counters; }
  // The longest of a phase; nothing where it was not timed.
  [[nodiscard]] Duration most(LatencyPhase phase) const {
    return std::chrono::microseconds(measured()[phase].most());
  }

  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome outcome) override {
    record.replied(*client, command, reply, outcome, now);
  }
  void transaction_begun(const smtp::RecipientBatch& /*batch*/) override {
    record.transaction_begun(now);
  }
  void message_sent(std::uint64_t /*message*/) override {}
  void message_over(std::uint64_t message, std::size_t recipients) override {
    record.message_over(message, recipients, now);
  }

  TimePoint now{1h};
  const Schedule schedule{{{.name = "run", .from = 1, .to = 1}}};
  std::optional<Recorder> recorder{std::in_place, schedule, now};
  SessionRecord record{recorder};
  smtp::ClientPlan plan;
  mail::MessageTemplate shared{message_options()};
  mail::SessionMessages messages{shared};
  std::optional<smtp::ClientSession> client;
  Output out;
};

TEST_F(SessionRecordTest, EachPhaseIsAsLongAsTheServerLetsItLast) {
  connect();
  after(300us, "250 x\r\n");
  now += 50us;  // nobody's time
  send(0);
  after(400us, "250 mail\r\n");
  after(500us, "250 rcpt\r\n");
  after(600us, "354 data\r\n");
  after(150us, "250 end\r\n");
  record.ended(now);
  EXPECT_EQ(most(LatencyPhase::connect), 100us);
  EXPECT_EQ(most(LatencyPhase::banner), 200us);
  EXPECT_EQ(most(LatencyPhase::ehlo), 300us);
  EXPECT_EQ(most(LatencyPhase::mail), 400us);
  EXPECT_EQ(most(LatencyPhase::rcpt), 500us);
  EXPECT_EQ(most(LatencyPhase::data), 600us);
  EXPECT_EQ(most(LatencyPhase::content), 150us);
  EXPECT_EQ(most(LatencyPhase::transaction), 1650us);
  EXPECT_EQ(measured()[LatencyPhase::session].count(), 1U);
  EXPECT_EQ(measured().intended.most(), 1650U);
  EXPECT_EQ(measured().replies.of(smtp::index(Verb::end_of_data)).size(), 1U);
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(counted().recipients, 1U);
}

TEST_F(SessionRecordTest, TheGreetingIsTimedFromTheHandshake) {
  record.connecting(now);
  record.connected(now);
  now += 700us;
  record.secured(600us, true, now);
  client.emplace(plan, smtp::ClientSession::Identity{}, messages, *this);
  after(200us, "220 x\r\n");
  EXPECT_EQ(most(LatencyPhase::tls), 600us);
  EXPECT_EQ(most(LatencyPhase::banner), 200us);
  EXPECT_EQ(counted().tls_resumed, 1U);
}

TEST_F(SessionRecordTest, AMessageThatHadToWaitForItsConnectionWasBegunBefore) {
  take(0);
  EXPECT_TRUE(record.waiting());
  connect();
  after(300us, "250 x\r\n");
  launch();
  EXPECT_FALSE(record.waiting());
  after(100us, "250 mail\r\n");
  after(100us, "250 rcpt\r\n");
  after(100us, "354 data\r\n");
  after(100us, "250 end\r\n");
  EXPECT_EQ(measured().service.most(), 1000U);
  EXPECT_EQ(most(LatencyPhase::transaction), 400us);
}

TEST_F(SessionRecordTest, AGroupIsTimedFromWhenItWentOut) {
  connect_pipelining(1);
  send(0);
  after(100us, "250 mail\r\n");
  after(50us, "250 rcpt\r\n");
  after(10us, "354 data\r\n");
  after(70us, "250 end\r\n");
  EXPECT_EQ(most(LatencyPhase::mail), 100us);
  EXPECT_EQ(most(LatencyPhase::rcpt), 150us);
  EXPECT_EQ(most(LatencyPhase::data), 160us);
  EXPECT_EQ(most(LatencyPhase::content), 70us);
  EXPECT_EQ(most(LatencyPhase::transaction), 230us);
}

// Chunks need no 354, so that the next transaction can follow before the first is answered.
TEST_F(SessionRecordTest, EachTransactionOfAWindowBeganByItself) {
  plan.hello_verb = Verb::ehlo;
  plan.wanted = {smtp::Extension::pipelining, smtp::Extension::chunking};
  plan.window = 2;
  connect();
  after(300us, "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  send(0);
  now += 1000us;
  send(1);
  after(100us, "250 mail\r\n250 rcpt\r\n250 end\r\n");
  EXPECT_EQ(most(LatencyPhase::mail), 1100us);
  after(100us, "250 mail\r\n250 rcpt\r\n250 end\r\n");
  EXPECT_EQ(measured()[LatencyPhase::mail].least(), 200U);
  EXPECT_EQ(measured()[LatencyPhase::transaction].least(), 200U);
  EXPECT_EQ(most(LatencyPhase::transaction), 1100us);
  EXPECT_EQ(counted().delivered, 2U);
}

TEST_F(SessionRecordTest, ContentLastsUntilTheLastReplyToIt) {
  mail::MessageOptions two = message_options();
  two.recipients = 2;
  const mail::MessageTemplate for_two(two);
  const mail::SessionMessages both(for_two);
  plan.hello_verb = Verb::lhlo;
  record.connecting(now);
  record.connected(now);
  client.emplace(plan, smtp::ClientSession::Identity{}, both, *this);
  after(0us, "220 x\r\n");
  after(0us, "250 x\r\n");
  send(0);
  for (const char* reply : {"250 mail\r\n", "250 rcpt\r\n", "250 rcpt\r\n", "354 data\r\n"}) {
    after(10us, reply);
  }
  after(100us, "250 the first\r\n");
  after(50us, "450 the second\r\n");
  EXPECT_EQ(measured()[LatencyPhase::content].count(), 1U);
  EXPECT_EQ(most(LatencyPhase::content), 150us);
  EXPECT_EQ(counted().recipients, 1U);
}

TEST_F(SessionRecordTest, WhatFollowsFromARefusalSaysNothingOfThePace) {
  connect_pipelining(1);
  send(0);
  after(100us, "550 mail\r\n");
  after(10us, "503 rcpt\r\n");
  after(10us, "503 data\r\n");
  EXPECT_EQ(measured()[LatencyPhase::mail].count(), 1U);
  EXPECT_EQ(measured()[LatencyPhase::rcpt].count(), 0U);
  EXPECT_EQ(measured()[LatencyPhase::data].count(), 0U);
  EXPECT_EQ(measured().replies.of(smtp::index(Verb::rcpt)).size(), 1U);  // it was said all the same
  EXPECT_EQ(counted().refused, 1U);
  EXPECT_EQ(measured().intended.count(), 0U);
  EXPECT_EQ(measured().failed.most(), 120U);
}

TEST_F(SessionRecordTest, AConnectionCountsWhatItHasCarried) {
  connect_pipelining(1);
  EXPECT_EQ(record.carried(), 0U);
  for (std::uint64_t message = 0; message < 3; ++message) {
    send(message);
    after(1us, "250 mail\r\n250 rcpt\r\n354 data\r\n");
    after(1us, "250 end\r\n");
  }
  EXPECT_EQ(record.carried(), 3U);
  EXPECT_EQ(counted().sessions_reused, 2U);
  record.connecting(now);
  EXPECT_EQ(record.carried(), 0U);
}

TEST_F(SessionRecordTest, WhatIsNotOverIsLostWithItsConnection) {
  connect_pipelining(1);
  send(0);
  take(1);
  now += 1ms;
  record.session_failed({metrics::Error::reset, "lost connection"}, now);
  record.lose(now);
  EXPECT_FALSE(record.waiting());
  EXPECT_EQ(counted().started, 2U);
  EXPECT_EQ(counted().lost, 2U);
  EXPECT_EQ(counted().sessions_failed, 1U);
  EXPECT_EQ(measured().errors[metrics::index(metrics::Error::reset)].sample, "lost connection");
  EXPECT_EQ(measured().failed.least(), 1000U);
  record.lose(now);  // once
  EXPECT_EQ(counted().lost, 2U);
  record.message_over(0, 1, now);  // too late
  EXPECT_EQ(counted().delivered, 0U);
}

TEST_F(SessionRecordTest, WhatIsNotOverWhenTheRunIsStoppedIsUnfinished) {
  connect_pipelining(1);
  send(0);
  take(1);
  record.abandon(now);
  EXPECT_EQ(counted().unfinished, 2U);
  EXPECT_EQ(counted().lost, 0U);
}

TEST_F(SessionRecordTest, WhereNothingIsMeasuredItKnowsItsMessages) {
  recorder.reset();
  connect_pipelining(1);
  take(7);
  EXPECT_TRUE(record.waiting());
  launch();
  EXPECT_EQ(record.carried(), 1U);
  after(1us, "250 mail\r\n250 rcpt\r\n354 data\r\n");
  after(1us, "250 end\r\n");
  take(8);
  record.lose(now);
  record.ended(now);
  EXPECT_FALSE(record.waiting());
}

}  // namespace
}  // namespace millrace::source
