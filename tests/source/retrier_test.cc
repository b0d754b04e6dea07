// What comes back of a message, for whom, and how it counts: a session without a socket, in which
// what the server says and when is made up.
#include "source/retrier.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "mail/message.h"
#include "output_text.h"
#include "smtp/client_session.h"
#include "source/delivery_record.h"
#include "source/remaining_recipients.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using smtp::Verb;
using Numbers = std::vector<std::uint32_t>;

constexpr std::uint64_t kAll = 1'000'000;  // bytes: more than any of these sends

mail::MessageOptions message_options() {
  mail::MessageOptions options;
  options.reverse_path = "a@b";
  options.forward_path = "c@d";
  options.recipients = 3;
  options.recipient_number = mail::RecipientNumber::suffix;
  options.body = "x\r\n";
  return options;
}

class RetrierTest : public testing::Test, public smtp::ClientObserver {
 protected:
  RetrierTest() {
    plan.hello_name = "me";
    queue.emplace(policy, 100, TimePoint::max());
  }

  void connect() {
    record.connecting(now);
    record.connected(now);
    client.emplace(plan, smtp::ClientSession::Identity{}, remaining, *this);
    say("220 x\r\n");
    say("250 x\r\n");
  }
  void say(std::string_view said) {
    now += 1ms;
    client->feed(said, out);
  }
  void turn_to(const Arrival& arrival) {
    record.take(arrival, now);
    deliveries.take(arrival, now);
  }
  // Sends the message, and has the commands of it answered so.
  void send(const Arrival& arrival, const std::vector<std::string_view>& replies) {
    turn_to(arrival);
    out.clear();
    client->send(record.launch(now), out);
    for (const std::string_view reply : replies) say(reply);
  }
  // The connection is gone, of all that was sent but so many bytes have left.
  void lose(std::uint64_t sent = kAll) {
    deliveries.lose(sent, now);
    record.lose(now);
  }
  Arrival come_back() {
    EXPECT_TRUE(queue->due());
    now = *queue->due();
    return queue->take();
  }
  [[nodiscard]] const metrics::Metrics& measured() const { return recorder->stages()[0]; }
  [[nodiscard]] const metrics::Counters& counted() const { return measured().counters; }

  // smtp::ClientObserver
  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome outcome) override {
    record.replied(*client, command, reply, outcome, now);
    deliveries.replied(command, reply, outcome);
  }
  void transaction_begun(const smtp::RecipientBatch& batch) override {
    record.transaction_begun(now);
    deliveries.transaction_begun(batch);
  }
  void content_ended(std::uint64_t message) override {
    deliveries.content_ended(message, out.size(), TimePoint());
  }
  void message_sent(std::uint64_t /*message*/) override {}
  void transaction_over(const smtp::RecipientBatch& batch, std::size_t taken, bool again) override {
    deliveries.transaction_over(batch, taken, again, TimePoint());
  }
  void message_over(std::uint64_t message, std::size_t recipients) override {
    deliveries.message_over(message, now);
    record.message_over(message, recipients, now);
  }

  TimePoint now{1h};
  const TimePoint due = now;
  const Schedule schedule{{{.name = "run", .from = 1, .to = 1}}};
  const RetryPolicy policy{.first = 10s, .retries = 3};
  std::optional<Recorder> recorder{std::in_place, schedule, now};
  std::optional<RetryQueue> queue;
  SessionRecord record{recorder};
  mail::MessageTemplate shared{message_options()};
  mail::SessionMessages messages{shared};
  RemainingRecipients remaining{messages, record};
  Retrier retrier{queue, recorder, record};
  const std::vector<DeliveryObserver*> observers{&retrier};
  DeliveryRecord deliveries{0, false, remaining, observers};
  smtp::ClientPlan plan;
  std::optional<smtp::ClientSession> client;
  Output out;
};

TEST_F(RetrierTest, WhatIsTakenDoesNotComeBack) {
  connect();
  send({.message = 5, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "250 2\r\n", "250 3\r\n", "354 go\r\n", "250 end\r\n"});
  EXPECT_EQ(queue->size(), 0U);
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(counted().recipients, 3U);
  EXPECT_EQ(counted().failed(), 0U);
  EXPECT_EQ(measured().attempts[0], 1U);
}

TEST_F(RetrierTest, OnlyTheRecipientRefusedForNowComesBack) {
  connect();
  send({.message = 5, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "450 2\r\n", "550 3\r\n", "354 go\r\n", "250 end\r\n"});
  const std::string sent = test::take(out);
  const std::string content = sent.substr(sent.find("From:"));
  EXPECT_EQ(counted().delivered, 0U);  // not all of it is over
  EXPECT_EQ(counted().recipients, 1U);
  const Arrival again = come_back();
  EXPECT_EQ(again.message, 5U);
  EXPECT_EQ(again.intended, due);
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_EQ(again.remains.recipients, (Numbers{1}));
  EXPECT_FALSE(again.remains.in_doubt);
  send(again, {"250 mail\r\n", "250 2\r\n", "354 go\r\n", "250 end\r\n"});
  EXPECT_EQ(test::take(out), "MAIL FROM:<a@b>\r\nRCPT TO:<c16@d>\r\nDATA\r\n" + content);
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(counted().recipients, 2U);
  EXPECT_EQ(counted().started, 1U);
  EXPECT_EQ(counted().retries, 1U);
  EXPECT_EQ(counted().failed(), 0U);
  EXPECT_EQ(counted().possible_duplicates, 0U);
  EXPECT_EQ(measured().attempts[1], 1U);
  // From when it was due first; of the last attempt alone.
  EXPECT_GT(measured().intended.most(), 10'000'000U);
  EXPECT_LT(measured().service.most(), 10'000U);
}

// Of those that came back, one comes back again: it keeps its number in the message.
TEST_F(RetrierTest, NumbersAreThoseOfTheMessageInEachAttempt) {
  connect();
  send({.message = 0, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "450 2\r\n", "450 3\r\n", "354 go\r\n", "250 end\r\n"});
  send(come_back(), {"250 mail\r\n", "250 2\r\n", "450 3\r\n", "354 go\r\n", "250 end\r\n"});
  const Arrival third = come_back();
  EXPECT_EQ(third.remains.recipients, (Numbers{2}));
  EXPECT_EQ(third.attempt, 3U);
  send(third, {"250 mail\r\n", "250 3\r\n", "354 go\r\n", "250 end\r\n"});
  EXPECT_EQ(counted().recipients, 3U);
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(measured().attempts[2], 1U);
}

TEST_F(RetrierTest, ARefusalForNowOfMailOrTheEndIsOfAll) {
  connect();
  send({.message = 0, .intended = due}, {"450 mail\r\n", "250 reset\r\n"});
  const Arrival second = come_back();
  EXPECT_TRUE(second.remains.recipients.empty());
  send(second,
       {"250 mail\r\n", "250 1\r\n", "250 2\r\n", "250 3\r\n", "354 go\r\n", "451 end\r\n"});
  const Arrival third = come_back();
  EXPECT_TRUE(third.remains.recipients.empty());
  EXPECT_FALSE(third.remains.in_doubt);
  EXPECT_EQ(counted().failed(), 0U);
}

TEST_F(RetrierTest, ARefusalForGoodIsFinal) {
  connect();
  send({.message = 0, .intended = due}, {"550 mail\r\n", "250 reset\r\n"});
  send({.message = 1, .intended = due},
       {"250 mail\r\n", "550 1\r\n", "550 2\r\n", "550 3\r\n", "250 reset\r\n"});
  send({.message = 2, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "250 2\r\n", "250 3\r\n", "354 go\r\n", "554 end\r\n"});
  EXPECT_EQ(queue->size(), 0U);
  EXPECT_EQ(counted().refused, 3U);
}

TEST_F(RetrierTest, WhatNobodyIsLeftOfHasBeenDeliveredWhenItWasTakenOnce) {
  connect();
  send({.message = 0, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "450 2\r\n", "550 3\r\n", "354 go\r\n", "250 end\r\n"});
  send(come_back(), {"250 mail\r\n", "550 2\r\n", "250 reset\r\n"});
  EXPECT_EQ(queue->size(), 0U);
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(counted().refused, 0U);
  EXPECT_LT(measured().intended.most(), 10'000U);  // it was in the first attempt
}

TEST_F(RetrierTest, WhatIsLostBeforeItsEndComesBackWithoutADoubt) {
  connect();
  send({.message = 0, .intended = due}, {"250 mail\r\n", "250 1\r\n", "550 2\r\n"});
  lose();
  const Arrival again = come_back();
  EXPECT_FALSE(again.remains.in_doubt);
  EXPECT_EQ(again.remains.recipients, (Numbers{0, 2}));
  EXPECT_EQ(counted().lost, 0U);
  EXPECT_EQ(counted().in_doubt, 0U);
}

TEST_F(RetrierTest, WhatIsLostBehindItsEndIsInDoubtAndItsResendMayBeADuplicate) {
  const std::vector<std::string_view> all = {"250 mail\r\n", "250 1\r\n", "250 2\r\n", "250 3\r\n",
                                             "354 go\r\n"};
  connect();
  send({.message = 0, .intended = due}, all);
  lose();
  EXPECT_EQ(counted().in_doubt, 1U);
  const Arrival again = come_back();
  EXPECT_TRUE(again.remains.in_doubt);
  EXPECT_EQ(counted().possible_duplicates, 0U);
  connect();
  send(again, all);
  say("250 end\r\n");
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(counted().possible_duplicates, 1U);
}

TEST_F(RetrierTest, AnEndThatIsAnsweredByNeitherYesNorNoIsInDoubtToo) {
  connect();
  send({.message = 0, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "550 2\r\n", "250 3\r\n", "354 go\r\n", "150 hm\r\n"});
  EXPECT_EQ(counted().in_doubt, 1U);
  const Arrival again = come_back();
  EXPECT_TRUE(again.remains.in_doubt);
  EXPECT_EQ(again.remains.recipients, (Numbers{0, 2}));
  EXPECT_EQ(counted().possible_duplicates, 0U);
  send(again, {"250 mail\r\n", "250 1\r\n", "250 3\r\n", "354 go\r\n", "250 end\r\n"});
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(counted().possible_duplicates, 1U);
}

TEST_F(RetrierTest, AResendThatIsNotTakenIsNoDuplicate) {
  connect();
  send({.message = 0, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "250 2\r\n", "250 3\r\n", "354 go\r\n"});
  lose();
  connect();
  send(come_back(), {"450 mail\r\n", "250 reset\r\n"});
  EXPECT_TRUE(come_back().remains.in_doubt);  // the first attempt still is
  EXPECT_EQ(counted().possible_duplicates, 0U);
}

TEST_F(RetrierTest, WhatHadNotLeftYetIsNotInDoubt) {
  connect();
  send({.message = 0, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "250 2\r\n", "250 3\r\n", "354 go\r\n"});
  lose(out.size() - 1);
  EXPECT_EQ(counted().in_doubt, 0U);
  EXPECT_FALSE(come_back().remains.in_doubt);
}

TEST_F(RetrierTest, WhatFoundNoConnectionComesBack) {
  turn_to({.message = 0, .intended = due});
  record.connecting(now);
  lose();
  EXPECT_FALSE(record.waiting());
  const Arrival again = come_back();
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_FALSE(again.remains.in_doubt);
  EXPECT_EQ(counted().failed(), 0U);
}

TEST_F(RetrierTest, WhatComesBackTooOftenIsGivenUp) {
  connect();
  send({.message = 0, .intended = due}, {"450 mail\r\n", "250 reset\r\n"});
  for (int retry = 0; retry < 3; ++retry) send(come_back(), {"450 mail\r\n", "250 reset\r\n"});
  EXPECT_EQ(queue->size(), 0U);
  EXPECT_EQ(counted().given_up, 1U);
  EXPECT_EQ(counted().recipients_given_up, 3U);
  EXPECT_EQ(counted().refused, 0U);
  EXPECT_EQ(measured().attempts[3], 1U);
  EXPECT_GT(measured().failed.most(), 30'000'000U);
}

TEST_F(RetrierTest, RecipientsAreGivenUpOfADeliveredMessage) {
  connect();
  send({.message = 0, .intended = due},
       {"250 mail\r\n", "250 1\r\n", "450 2\r\n", "450 3\r\n", "354 go\r\n", "250 end\r\n"});
  for (int retry = 0; retry < 3; ++retry) {
    send(come_back(), {"250 mail\r\n", "450 2\r\n", "450 3\r\n", "250 reset\r\n"});
  }
  EXPECT_EQ(counted().given_up, 0U);
  EXPECT_EQ(counted().delivered, 1U);
  EXPECT_EQ(counted().recipients, 1U);
  EXPECT_EQ(counted().recipients_given_up, 2U);
}

TEST_F(RetrierTest, WhatTheStopOfTheRunEndsDoesNotComeBack) {
  connect();
  send({.message = 0, .intended = due}, {"250 mail\r\n"});
  deliveries.abandon(kAll, now);
  record.abandon(now);
  EXPECT_EQ(queue->size(), 0U);
  EXPECT_EQ(counted().unfinished, 1U);
}

TEST_F(RetrierTest, InAWindowEachMessageHasItsOwnRecipientsLeft) {
  plan.hello_verb = Verb::ehlo;
  plan.wanted = {smtp::Extension::pipelining};
  plan.window = 2;
  record.connecting(now);
  record.connected(now);
  client.emplace(plan, smtp::ClientSession::Identity{}, remaining, *this);
  say("220 x\r\n");
  say("250-x\r\n250 PIPELINING\r\n");
  send({.message = 0, .intended = due}, {"250 m\r\n450 1\r\n250 2\r\n450 3\r\n354 go\r\n"});
  turn_to({.message = 1, .intended = due});
  client->send(record.launch(now), out);
  say("250 end\r\n250 m\r\n250 1\r\n450 2\r\n250 3\r\n354 go\r\n");
  say("250 end\r\n");
  const Arrival first = come_back();
  const Arrival second = come_back();
  EXPECT_EQ(first.remains.recipients, (Numbers{0, 2}));
  EXPECT_EQ(second.remains.recipients, (Numbers{1}));
  out.clear();
  turn_to(first);
  client->send(record.launch(now), out);
  say("250 m\r\n250 1\r\n250 3\r\n354 go\r\n");
  turn_to(second);
  client->send(record.launch(now), out);
  const std::string text = test::take(out);
  EXPECT_NE(text.find("RCPT TO:<c0@d>\r\nRCPT TO:<c2@d>\r\nDATA"), std::string::npos) << text;
  EXPECT_NE(text.find("RCPT TO:<c4@d>\r\nDATA"), std::string::npos) << text;
}

}  // namespace
}  // namespace millrace::source
