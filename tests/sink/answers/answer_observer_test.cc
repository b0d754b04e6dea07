#include "sink/answers/answer_observer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "net/address_pool.h"

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;
using rules::LaterAnswer;
using smtp::Verb;
using Kind = LaterAnswer::Kind;
using Names = std::vector<std::string>;

// A session, as a server tells of it.
class Session : public testing::Test {
 protected:
  Session() { observer.opened(*net::numeric_address("192.0.2.1", 5), TimePoint()); }

  void ask(const std::string& recipient, const LaterAnswer& what, Duration delay = 0s) {
    observer.asked_for(what, recipient, delay);
  }
  void ask(const std::string& recipient, Duration delay = 0s) {
    ask(recipient, {.diagnostic = "550 no"}, delay);
  }
  void mail(const std::string& arguments = "FROM:<ann@a.example> SIZE=5") {
    observer.commanded(Verb::mail, arguments);
    observer.mail(arguments);
    reply(Verb::mail, "250 Ok");
  }
  // A rule asks for a bounce, where `asks`.
  void rcpt(const std::string& recipient, bool asks = false, const std::string& parameters = "") {
    const std::string arguments = "TO:<" + recipient + ">" + parameters;
    observer.commanded(Verb::rcpt, arguments);
    if (asks) ask(recipient);
    observer.recipient(arguments);
    reply(Verb::rcpt, "250 Ok");
  }
  void content(const std::string& bytes = "Subject: x\r\n\r\ntext\r\n.\r\n") {
    observer.commanded(Verb::data, "");
    reply(Verb::data, "354 Go on");
    observer.content(bytes, smtp::Form::dotted);
    observer.commanded(Verb::end_of_data, "");
  }
  void reply(Verb verb, std::string_view text, std::size_t copies = 1) {
    observer.replied(verb, text, copies);
  }
  // All content is read, and answered so.
  void end(const Names& replies = {"250 Ok"}) {
    observer.message_complete();
    for (const std::string& one : replies) reply(Verb::end_of_data, one);
    observer.message_answered(0);
  }
  // A whole message to one recipient, of whom an answer is asked.
  void message(const std::string& arguments, const std::string& parameters = "") {
    mail(arguments);
    rcpt("bob@b", true, parameters);
    content();
    end();
  }

  std::vector<Answer> queued() {
    std::vector<Answer> all;
    while (auto one = queue.take(TimePoint::max())) all.push_back(std::move(*one));
    return all;
  }
  Names recipients() {
    Names all;
    for (const Answer& one : queued()) all.push_back(one.recipient);
    return all;
  }

  AnswerQueue queue;
  AnswerObserver observer{queue};
};

TEST_F(Session, AnswersAMessageThatWasTaken) {
  mail();
  rcpt("bob@b", true);
  rcpt("carol@c");
  content();
  ask("carol@c", 1h);
  observer.message_complete();
  EXPECT_FALSE(queue.next_due());
  const TimePoint before = Clock::now();
  reply(Verb::end_of_data, "250 Ok");
  observer.message_answered(2);
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
  EXPECT_EQ(all[1].recipient, "carol@c");
  EXPECT_GE(all[1].due, before + 1h);
}

TEST_F(Session, ForgetsWhatWasRefused) {
  mail();
  observer.commanded(Verb::rcpt, "TO:<bob@b>");
  ask("bob@b");
  reply(Verb::rcpt, "452 Too many");
  rcpt("carol@c", true);
  content();
  end();
  EXPECT_EQ(recipients(), Names{"carol@c"});
}

TEST_F(Session, ForgetsAMessageThatWasNotTaken) {
  mail();
  rcpt("bob@b", true);
  content();
  ask("bob@b", {.kind = Kind::complaint});
  end({"452 Not stored"});
  mail();
  rcpt("bob@b");
  content();
  end();
  EXPECT_EQ(recipients(), Names{});
}

TEST_F(Session, ForgetsATransactionThatIsOver) {
  for (const bool answered : {false, true}) {
    mail();
    rcpt("bob@b", true);
    content();
    answered ? end() : observer.transaction_aborted();
    mail();
    rcpt("bob@b");
    content();
    end();
    EXPECT_EQ(recipients(), answered ? Names{"bob@b"} : Names{});
  }
}

// RFC 2033, 4.2: each recipient has a reply, in the order of their RCPTs.
TEST_F(Session, AnswersForThoseWhomLmtpAccepts) {
  for (const bool at_end : {false, true}) {
    mail();
    for (const char* recipient : {"a@b", "c@d", "e@f"}) rcpt(recipient, !at_end);
    content();
    for (const char* recipient : {"a@b", "c@d", "e@f"}) {
      if (at_end) ask(recipient);
    }
    end({"250 Ok", "451 Later", "250 Ok"});
    EXPECT_EQ(recipients(), (Names{"a@b", "e@f"})) << at_end;
  }
}

TEST_F(Session, TakesRepliesThatAreAllTheSame) {
  for (const char* said : {"250 Ok", "550 No"}) {
    mail();
    rcpt("a@b", true);
    rcpt("c@d", true);
    content();
    observer.message_complete();
    reply(Verb::end_of_data, said, 2);
    observer.message_answered(0);
    EXPECT_EQ(recipients(), *said == '2' ? (Names{"a@b", "c@d"}) : Names{});
  }
}

// RCPT may name the same mailbox twice; LMTP answers both.
TEST_F(Session, KnowsRecipientsOfTheSameNameApart) {
  mail();
  rcpt("a@b");
  rcpt("a@b");
  content();
  ask("a@b");
  ask("a@b");
  end({"550 No", "250 Ok"});
  EXPECT_EQ(recipients(), Names{"a@b"});
}

TEST_F(Session, HasOneAnswerOfAKindForARecipient) {
  mail();
  rcpt("a@b", true);
  rcpt("c@d");
  content();
  for (int i = 0; i < 10; ++i) {
    ask("a@b", {.text = "another"});
    ask("a@b", {.kind = Kind::complaint});
    ask("c@d");
    ask("nobody@d");
  }
  end();
  const auto all = queued();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].what.diagnostic, "550 no");
  EXPECT_EQ(all[1].what.kind, Kind::complaint);
  EXPECT_EQ(all[2].recipient, "c@d");
}

TEST_F(Session, KnowsWhatIsAskedForApart) {
  mail();
  for (const char* recipient : {"a@b", "c@d", "e@f"}) rcpt(recipient);
  content();
  ask("a@b", {.diagnostic = "550 1"});
  ask("a@b", {.kind = Kind::auto_reply, .text = "1"});
  ask("c@d", {.diagnostic = "550 2"});
  ask("c@d", {.kind = Kind::auto_reply, .text = "1"});
  ask("e@f", {.status = "5.1.1", .diagnostic = "550 2"});
  end();
  Names all;
  for (const Answer& one : queued()) {
    all.push_back(one.what.status + one.what.diagnostic + one.what.text);
  }
  EXPECT_EQ(all, (Names{"550 1", "1", "550 2", "1", "5.1.1550 2"}));
}

// RFC 3461, 4.1. It says nothing of other answers.
TEST_F(Session, TellsOfNoFailureWhereNoneIsWanted) {
  for (const char* notify : {" NOTIFY=NEVER", " NOTIFY=SUCCESS,DELAY"}) {
    mail();
    rcpt("a@b", true, notify);
    rcpt("c@d", true, " NOTIFY=FAILURE");
    content();
    ask("a@b", {.kind = Kind::complaint});
    ask("a@b", {.kind = Kind::auto_reply});
    end();
    const auto all = queued();
    ASSERT_EQ(all.size(), 3U) << notify;
    EXPECT_EQ(all[0].recipient, "c@d");
    EXPECT_EQ(all[1].what.kind, Kind::complaint);
    EXPECT_EQ(all[2].what.kind, Kind::auto_reply);
  }
  EXPECT_EQ(queue.totals().not_allowed, 2U);
}

TEST_F(Session, KeepsWhatIsGivenForNotifications) {
  message("FROM:<ann@a> ENVID=id+2B1", " ORCPT=rfc822;robert+2Bx@b");
  message("FROM:<ann@a>");
  const auto all = queued();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].envelope_id, "id+1");
  EXPECT_EQ(all[0].original_recipient, "rfc822;robert+x@b");
  EXPECT_EQ(all[1].envelope_id, "");
  EXPECT_EQ(all[1].original_recipient, "");
}

TEST_F(Session, TakesChunks) {
  mail();
  rcpt("bob@b", true);
  observer.content(".A: b\r\n", smtp::Form::plain);
  reply(Verb::bdat, "250 Ok");
  observer.content("\r\n", smtp::Form::plain);
  observer.message_complete();
  reply(Verb::bdat, "250 Ok");
  observer.message_answered(1);
  const auto all = queued();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(*all[0].header, ".A: b\r\n");
}

TEST_F(Session, WantsContentUntilTheHeadIsFull) {
  EXPECT_TRUE(observer.wants_content());
  mail();
  rcpt("bob@b");
  content(std::string(kMostHeader, 'x'));
  EXPECT_FALSE(observer.wants_content());
  mail();
  EXPECT_TRUE(observer.wants_content());
}

TEST_F(Session, AnswersNobodyWhoMustNotBeAnswered) {
  for (const char* sender : {"FROM:<>", "FROM:<mailer-daemon@a>", "FROM:<a b@c>", "FROM:"}) {
    message(sender);
  }
  mail();
  rcpt("bob@b", true);
  content("Auto-Submitted: auto-generated\r\n\r\n.\r\n");
  end();
  EXPECT_EQ(recipients(), Names{});
  EXPECT_EQ(queue.totals().not_allowed, 5U);
  EXPECT_EQ(queue.totals().queued, 0U);
}

TEST_F(Session, ReportsOnBulkMailButDoesNotReplyToIt) {
  mail();
  rcpt("bob@b", true);
  content("Precedence: bulk\r\n\r\n.\r\n");
  ask("bob@b", {.kind = Kind::auto_reply});
  ask("bob@b", {.kind = Kind::complaint});
  end();
  const auto all = queued();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].what.kind, Kind::bounce);
  EXPECT_EQ(all[1].what.kind, Kind::complaint);
  EXPECT_EQ(queue.totals().not_allowed, 1U);
}

TEST_F(Session, KnowsTheSenderAndTheClient) {
  const auto answer = [this](const std::string& arguments) {
    message(arguments);
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
