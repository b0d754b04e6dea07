#include "sink/answers/answer_observer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "net/address_pool.h"

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;
using smtp::Verb;

// A session, as a server tells of it.
class Session : public testing::Test {
 protected:
  Session() { observer.opened(*net::numeric_address("192.0.2.1", 5), TimePoint()); }

  void ask(const std::string& recipient, Duration delay = 0s) {
    observer.asked_for({.diagnostic = "550 no"}, recipient, delay);
  }
  void mail(const std::string& arguments = "FROM:<ann@a.example> SIZE=5") {
    observer.mail(arguments);
    reply(Verb::mail, "250 Ok");
  }
  void rcpt() { reply(Verb::rcpt, "250 Ok"); }
  void content(const std::string& bytes = "Subject: x\r\n\r\ntext\r\n.\r\n") {
    reply(Verb::data, "354 Go on");
    observer.content(bytes, smtp::Form::dotted);
  }
  void reply(Verb verb, std::string_view text) { observer.replied(verb, text, 1); }
  void taken() {
    observer.message_complete();
    reply(Verb::end_of_data, "250 Ok");
  }

  std::vector<Answer> queued() {
    std::vector<Answer> all;
    while (auto one = queue.take(TimePoint::max())) all.push_back(std::move(*one));
    return all;
  }
  std::vector<std::string> recipients() {
    std::vector<std::string> all;
    for (const Answer& one : queued()) all.push_back(one.recipient);
    return all;
  }

  AnswerQueue queue;
  AnswerObserver observer{queue};
};

using Names = std::vector<std::string>;

TEST_F(Session, AnswersAMessageThatWasTaken) {
  mail();
  ask("bob@b");
  rcpt();
  content();
  ask("carol@c", 1h);
  observer.message_complete();
  EXPECT_FALSE(queue.next_due());
  const TimePoint before = Clock::now();
  reply(Verb::end_of_data, "250 Ok");
  const auto all = queued();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].recipient, "bob@b");
  EXPECT_EQ(all[0].sender, "ann@a.example");
  EXPECT_EQ(all[0].client, "192.0.2.1");
  EXPECT_EQ(*all[0].header, "Subject: x\r\n");
  EXPECT_EQ(all[0].header, all[1].header);
  EXPECT_EQ(all[0].what.diagnostic, "550 no");
  EXPECT_NE(all[0].arrived, 0);
  EXPECT_LE(all[0].due, Clock::now());
  EXPECT_GE(all[1].due, before + 1h);
}

TEST_F(Session, ForgetsWhatWasRefused) {
  mail();
  ask("bob@b");
  reply(Verb::rcpt, "452 Too many");
  ask("carol@c");
  rcpt();
  content();
  taken();
  EXPECT_EQ(recipients(), Names{"carol@c"});
}

TEST_F(Session, ForgetsAMessageThatWasNotTaken) {
  for (const bool said_more : {false, true}) {
    mail();
    ask("bob@b");
    rcpt();
    content();
    ask("carol@c");
    observer.message_complete();
    reply(Verb::end_of_data, "452 Not stored");
    if (said_more) reply(Verb::noop, "250 Ok");
    mail();
    rcpt();
    content();
    taken();
    EXPECT_EQ(recipients(), Names{}) << said_more;
  }
}

TEST_F(Session, ForgetsATransactionThatIsOver) {
  for (const bool answered : {false, true}) {
    mail();
    ask("bob@b");
    rcpt();
    answered ? taken() : observer.transaction_aborted();
    mail();
    rcpt();
    content();
    taken();
    EXPECT_EQ(recipients(), answered ? Names{"bob@b"} : Names{});
  }
}

TEST_F(Session, TakesWhatIsAskedForAtMail) {
  ask("", 0s);
  mail();
  rcpt();
  content();
  taken();
  EXPECT_EQ(recipients(), Names{""});
}

// RFC 2033, 4.2: the reply to one recipient may be a refusal, and that to the next one not.
TEST_F(Session, AnswersForThoseWhomLmtpAccepts) {
  mail();
  rcpt();
  rcpt();
  content();
  ask("carol@c");
  observer.message_complete();
  reply(Verb::end_of_data, "550 No");
  reply(Verb::end_of_data, "250 Ok");
  EXPECT_EQ(recipients(), Names{"carol@c"});
  reply(Verb::end_of_data, "250 Ok");
  EXPECT_EQ(recipients(), Names{});
}

TEST_F(Session, TakesChunks) {
  mail();
  ask("bob@b");
  rcpt();
  observer.content(".A: b\r\n", smtp::Form::plain);
  reply(Verb::bdat, "250 Ok");
  observer.content("\r\n", smtp::Form::plain);
  observer.message_complete();
  reply(Verb::bdat, "250 Ok");
  const auto all = queued();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(*all[0].header, ".A: b\r\n");
}

TEST_F(Session, WantsContentUntilTheHeadIsFull) {
  EXPECT_TRUE(observer.wants_content());
  mail();
  rcpt();
  content(std::string(kMostHeader, 'x'));
  EXPECT_FALSE(observer.wants_content());
  mail();
  EXPECT_TRUE(observer.wants_content());
}

TEST_F(Session, AnswersNobodyWhoMustNotBeAnswered) {
  for (const char* sender : {"FROM:<>", "FROM:<mailer-daemon@a>", "FROM:<a b@c>", "FROM:"}) {
    mail(sender);
    ask("bob@b");
    rcpt();
    content();
    taken();
  }
  mail();
  ask("bob@b");
  rcpt();
  content("Precedence: bulk\r\n\r\n.\r\n");
  taken();
  EXPECT_EQ(recipients(), Names{});
  EXPECT_EQ(queue.totals().not_allowed, 5U);
  EXPECT_EQ(queue.totals().queued, 0U);
}

TEST_F(Session, KnowsTheSenderAndTheClient) {
  const auto answer = [this](const std::string& arguments) {
    mail(arguments);
    ask("bob@b");
    rcpt();
    content();
    taken();
    const auto all = queued();
    return all.size() == 1 ? all[0].sender + " " + all[0].client : "none";
  };
  EXPECT_EQ(answer("FROM: <\"a>b\"@c> BODY=7BIT"), "\"a>b\"@c 192.0.2.1");
  observer.speaks_for(*net::numeric_address("2001:db8::1", 5));
  EXPECT_EQ(answer("FROM:<@x,@y:ann@a>"), "ann@a 2001:db8::1");
  observer.client_attribute("NAME", "x");
  observer.client_attribute("ADDR", "IPV6:2001:db8::2");
  EXPECT_EQ(answer("FROM:ann@a SIZE=1"), "ann@a 2001:db8::2");
}

}  // namespace
}  // namespace millrace::sink
