// What a server session does with each decision of its policy, but for those that a transcript of
// rules shows as well.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "output_text.h"
#include "smtp/server_session.h"

namespace millrace::smtp {
namespace {

using namespace std::chrono_literals;
using Action = Decision::Action;
using Phase = ServerSession::SessionPhase;

// Decides as it was told to.
struct Told final : ServerPolicy {
  Decision decide(Verb verb, std::string_view) override { return decisions[verb]; }
  Decision decide_content(Form form) override {
    asked_for_content.push_back(form);
    return content;
  }
  Decision decide_end() override { return decisions[Verb::end_of_data]; }
  bool admit_message() override { return true; }
  AuthenticationStep start_authentication(std::string_view,
                                          std::optional<std::string_view>) override {
    return {};
  }
  AuthenticationStep continue_authentication(std::string_view) override { return {}; }

  std::map<Verb, Decision> decisions;
  Decision content;
  std::vector<Form> asked_for_content;
};

// A reply of its own for each recipient, once.
RecipientReplies each(const std::vector<GivenReply>& texts) {
  std::vector<RecipientReply> replies;
  for (const GivenReply& text : texts) replies.push_back({.text = text});
  return std::make_shared<const std::vector<RecipientReply>>(std::move(replies));
}

struct Notes final : ServerObserver {
  void replied(std::optional<Verb>, std::string_view reply, std::size_t copies) override {
    for (; copies > 0; --copies) replies += reply;
  }
  void content(std::string_view bytes, Form) override { content_size += bytes.size(); }
  [[nodiscard]] bool wants_content() const override { return wanted; }
  void recipient(std::string_view) override { ++recipients; }
  bool record_first(const FinalReplies& replies) override {
    to_record.emplace_back();
    for (std::size_t i = 0; i < recipients; ++i) to_record.back() += replies.accept(i) ? 'y' : 'n';
    return records;
  }
  void message_answered(std::size_t accepted) override { answered.push_back(accepted); }

  std::string replies;
  std::size_t content_size = 0;
  std::size_t recipients = 0;
  std::vector<std::size_t> answered;
  std::vector<std::string> to_record;
  bool records = false;
  bool wanted = true;
};

struct Decided : testing::Test {
  Decided() { profile.offered.add(Extension::chunking); }

  void begin() {
    replies.emplace(profile);
    session.emplace(profile, *replies, policy, notes);
    session->start({}, out);
    spoken();
  }
  std::string spoken() { return test::take(out); }
  std::string say(std::string_view input) {
    taken = session->feed(input, out);
    return spoken();
  }
  void envelope(int recipients = 1) {
    say("MAIL FROM:<a@a>\r\n");
    for (; recipients > 0; --recipients) say("RCPT TO:<b@b>\r\n");
  }

  ServerProfile profile;
  Told policy;
  Notes notes;
  std::optional<ServerReplies> replies;
  std::optional<ServerSession> session;
  Output out;
  std::size_t taken = 0;
};

TEST(FinalReplies, AcceptForThoseWhoHaveNoWordsOfTheirOwnAsUsual) {
  const auto no = std::make_shared<const std::string>("550 no\r\n");
  const std::vector<RecipientReply> each = {{.text = no}, {}};
  const FinalReplies replies{.usual = "250 ok\r\n", .each = &each};
  EXPECT_FALSE(replies.accept(0));
  EXPECT_TRUE(replies.accept(1));
  EXPECT_TRUE(replies.accept(2)) << "behind the last";
  EXPECT_EQ(replies.accepted(1), 0U);
  EXPECT_EQ(replies.accepted(2), 1U);
}

TEST_F(Decided, WordsOfItsOwnTakeTheCommandWhereItIsTaken) {
  policy.decisions[Verb::rcpt] = {.reply = given_reply("251 2.1.5 Forwarded\r\n")};
  begin();
  EXPECT_EQ(say("RCPT TO:<b@b>\r\n").substr(0, 3), "503");
  say("MAIL FROM:<a@a>\r\n");
  EXPECT_EQ(say("RCPT TO:<b@b>\r\n"), "251 2.1.5 Forwarded\r\n");
  EXPECT_EQ(notes.recipients, 1U);
}

TEST_F(Decided, ARepeatedReplyWaitsForTheClientAndNeverEnds) {
  policy.decisions[Verb::noop] = {.action = Action::answer,
                                  .reply = given_reply("250-x\r\n"),
                                  .repeat = std::numeric_limits<std::size_t>::max()};
  begin();
  session->feed("NOOP\r\nQUIT\r\n", out);
  for (int round = 0; round < 100; ++round) {
    ASSERT_EQ(session->phase(), Phase::replying);
    ASSERT_LT(out.size(), ServerSession::kReplyBound + 10);
    ASSERT_GE(out.size(), ServerSession::kReplyBound);
    spoken();
    session->resume(out);
  }
}

TEST_F(Decided, AReplyMayComeByteByByte) {
  policy.decisions[Verb::noop] = {.wait = 5s, .step = 2s};
  begin();
  EXPECT_EQ(say("NOOP\r\nRSET\r\n"), "");
  EXPECT_EQ(taken, 6U);
  EXPECT_EQ(session->wait(), 5s);
  std::string reply;
  while (session->phase() == Phase::paused) {
    session->resume(out);
    const std::string piece = spoken();
    ASSERT_LE(piece.size(), 1U);
    if (session->phase() == Phase::paused) {
      ASSERT_EQ(session->wait(), 2s);
    }
    reply += piece;
  }
  EXPECT_EQ(reply, "250 2.0.0 Ok\r\n");
  EXPECT_EQ(notes.replies.substr(notes.replies.size() - reply.size()), reply) << "told once";
  EXPECT_EQ(say("RSET\r\n"), "250 2.1.0 Ok\r\n");
}

TEST_F(Decided, ARepeatedReplyComesByteByByteEachTime) {
  policy.decisions[Verb::noop] = {
      .action = Action::answer, .reply = given_reply("250-x\r\n"), .repeat = 2, .step = 2s};
  begin();
  std::string reply = say("NOOP\r\n");
  while (session->phase() == Phase::paused) {
    session->resume(out);
    reply += spoken();
  }
  EXPECT_EQ(reply, "250-x\r\n250-x\r\n");
}

TEST_F(Decided, AStalledSessionTakesAllAndSaysNothing) {
  policy.decisions[Verb::data] = {.action = Action::stall};
  begin();
  envelope();
  EXPECT_EQ(say("DATA\r\nQUIT\r\n"), "");
  EXPECT_EQ(session->phase(), Phase::stalled);
  EXPECT_EQ(say("QUIT\r\n"), "");
  EXPECT_EQ(taken, 6U);
}

TEST_F(Decided, AResetIsAnEndingOfItsOwn) {
  for (const Action action : {Action::drop, Action::farewell}) {
    policy.decisions[Verb::noop] = {
        .action = action, .reset = true, .reply = given_reply("421 bye\r\n")};
    begin();
    EXPECT_EQ(say("NOOP\r\n"), action == Action::drop ? "" : "421 bye\r\n");
    EXPECT_EQ(session->phase(), Phase::closed);
    EXPECT_EQ(session->ending(), ServerSession::Ending::reset);
  }
}

TEST_F(Decided, ContentBeyondItsLimitDropsTheConnection) {
  policy.content = {.content_limit = 10};
  for (const bool whole : {true, false}) {
    begin();
    envelope();
    say("DATA\r\n");
    notes.content_size = 0;
    for (const std::string_view piece :
         whole ? std::vector<std::string_view>{"0123456789abc\r\n.\r\n"}
               : std::vector<std::string_view>{"01234", "56789", "abc\r\n.\r\n"}) {
      if (session->phase() == Phase::closed) break;
      EXPECT_EQ(say(piece), "");
    }
    EXPECT_EQ(session->phase(), Phase::closed);
    EXPECT_EQ(session->ending(), ServerSession::Ending::dropped);
    EXPECT_EQ(notes.content_size, 10U);
  }
}

TEST_F(Decided, ContentWithinItsLimitIsTakenAndTheNextMessageHasItsOwn) {
  policy.content = {.content_limit = 10};
  begin();
  for (int message = 0; message < 3; ++message) {
    envelope();
    EXPECT_EQ(say("DATA\r\n").substr(0, 3), "354");
    EXPECT_EQ(say("01234\r\n.\r\n").substr(0, 3), "250");
  }
}

TEST_F(Decided, ChunksCountTogetherWhetherTheyAreLookedAtOrNot) {
  policy.content = {.content_limit = 10};
  for (const bool wanted : {true, false}) {
    notes.wanted = wanted;
    begin();
    envelope();
    EXPECT_EQ(say("BDAT 6\r\n012345").substr(0, 3), "250");
    say("BDAT 6\r\n");
    if (wanted) {
      say("678901");
    } else {
      EXPECT_EQ(session->unwanted(), 4U);
      session->skip(4, out);
    }
    EXPECT_EQ(session->phase(), Phase::closed);
  }
}

TEST_F(Decided, ThePolicyIsAskedOnceAMessageAboutItsContent) {
  begin();
  envelope();
  say("BDAT 1\r\nxBDAT 0 LAST\r\n");
  envelope();
  say("DATA\r\n.\r\n");
  EXPECT_EQ(policy.asked_for_content, (std::vector<Form>{Form::plain, Form::dotted}));
}

TEST_F(Decided, AChunkOfNothingIsAnsweredBehindTheWaitForContent) {
  policy.content = {.wait = 3s};
  begin();
  envelope();
  EXPECT_EQ(say("BDAT 0 LAST\r\n"), "");
  ASSERT_EQ(session->phase(), Phase::paused);
  session->resume(out);
  EXPECT_EQ(spoken().substr(0, 3), "250");
  EXPECT_EQ(session->phase(), Phase::command);
}

TEST_F(Decided, EachRecipientOfLmtpMayHaveAReplyOfItsOwn) {
  profile.protocol = ServerProfile::Protocol::lmtp;
  policy.decisions[Verb::end_of_data] = {
      .each = each({nullptr, given_reply("450 later\r\n"), given_reply("250 yours\r\n")})};
  begin();
  envelope(3);
  say("DATA\r\n");
  const std::string told = "250 2.1.5 Ok\r\n450 later\r\n250 yours\r\n";
  notes.replies.clear();
  EXPECT_EQ(say(".\r\n"), notes.replies);
  EXPECT_EQ(notes.replies.substr(notes.replies.find("450")), told.substr(told.find("450")));
  EXPECT_EQ(notes.answered, std::vector<std::size_t>{2});
  // A message of another number of recipients has the usual ones.
  envelope(2);
  say("DATA\r\n");
  EXPECT_EQ(say(".\r\n").find("450"), std::string::npos);
}

// What a chunk's decision repeats is another reply than those to the recipients of its message.
TEST_F(Decided, WhatIsSaidToEachRecipientIsSaidAsOftenAsThatOneSays) {
  profile.protocol = ServerProfile::Protocol::lmtp;
  policy.decisions[Verb::bdat] = {.reply = given_reply("250 ok\r\n"), .repeat = 3};
  policy.decisions[Verb::end_of_data] = {
      .each = each({given_reply("450 one\r\n"), given_reply("450 two\r\n")})};
  begin();
  envelope(2);
  EXPECT_EQ(say("BDAT 1 LAST\r\nx"), "450 one\r\n450 two\r\n");
  policy.decisions[Verb::end_of_data] = {
      .reply = given_reply("250 mine\r\n"),
      .repeat = 3,
      .each = std::make_shared<const std::vector<RecipientReply>>(
          std::vector<RecipientReply>{{.text = given_reply("450 one\r\n"), .repeat = 2},
                                      {.text = given_reply("450 two\r\n")}})};
  envelope(2);
  notes.replies.clear();
  EXPECT_EQ(say("BDAT 1 LAST\r\nx"), "450 one\r\n450 one\r\n450 two\r\n");
  const std::string told = "450 one\r\n450 two\r\n";
  EXPECT_EQ(notes.replies.substr(notes.replies.find("450")), told) << "each once";
}

TEST_F(Decided, OneRecipientMayBeAnsweredForEver) {
  profile.protocol = ServerProfile::Protocol::lmtp;
  policy.decisions[Verb::end_of_data] = {
      .each = std::make_shared<const std::vector<RecipientReply>>(std::vector<RecipientReply>{
          {.text = given_reply("250-x\r\n"), .repeat = std::numeric_limits<std::size_t>::max()},
          {}})};
  begin();
  envelope(2);
  say("DATA\r\n.\r\n");
  for (int round = 0; round < 100; ++round) {
    ASSERT_EQ(session->phase(), Phase::replying);
    session->resume(out);
    const std::string replies = spoken();
    ASSERT_LT(replies.size(), ServerSession::kReplyBound + 10);
    ASSERT_EQ(replies.find("250 "), std::string::npos);
  }
}

TEST_F(Decided, ARefusalOfAllRecipientsIsAnError) {
  profile.protocol = ServerProfile::Protocol::lmtp;
  profile.limits.errors = 1;
  const GivenReply no = given_reply("550 no\r\n");
  policy.decisions[Verb::end_of_data] = {.each = each({no, nullptr})};
  begin();
  envelope(2);
  say("DATA\r\n.\r\n");
  EXPECT_NE(session->phase(), Phase::closed);
  policy.decisions[Verb::end_of_data] = {.each = each({no, no})};
  envelope(2);
  say("DATA\r\n.\r\n");
  EXPECT_EQ(session->phase(), Phase::closed);
}

TEST_F(Decided, WhatBecameOfAMessageIsToldOnceAndOnlyOfOneThatWasComplete) {
  begin();
  envelope(2);
  say("DATA\r\nx\r\n.\r\n");
  policy.decisions[Verb::end_of_data] = {.action = Action::answer,
                                         .reply = given_reply("550 no\r\n")};
  envelope();
  say("DATA\r\nx\r\n.\r\n");
  policy.decisions[Verb::end_of_data] = {.action = Action::drop};
  envelope();
  say("DATA\r\nx\r\n.\r\n");
  EXPECT_EQ(notes.answered, (std::vector<std::size_t>{2, 0}));
}

TEST_F(Decided, AMessageThatIsToBePutOnRecordIsAnsweredBehindThat) {
  notes.records = true;
  begin();
  envelope();
  say("DATA\r\n");
  EXPECT_EQ(say("x\r\n.\r\nNOOP\r\n"), "");
  EXPECT_EQ(session->phase(), Phase::recording);
  EXPECT_TRUE(session->owes_reply());
  EXPECT_TRUE(session->owes_final_reply());
  EXPECT_EQ(taken, 6U);
  EXPECT_EQ(notes.answered, std::vector<std::size_t>{});
  session->recorded(true, out);
  EXPECT_EQ(spoken(), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(notes.answered, std::vector<std::size_t>{1});
  EXPECT_FALSE(session->owes_final_reply());
  EXPECT_EQ(say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
  envelope();
  EXPECT_EQ(say("BDAT 1 LAST\r\nx"), "");
  session->recorded(false, out);
  EXPECT_EQ(spoken().substr(0, 9), "452 4.3.1");
  EXPECT_EQ(notes.answered, (std::vector<std::size_t>{1, 0}));
}

TEST_F(Decided, OnlyWhatIsAboutToBeAcceptedIsPutOnRecordAndBehindItsPause) {
  notes.records = true;
  begin();
  envelope();
  say("DATA\r\n");
  policy.decisions[Verb::end_of_data] = {.action = Action::answer,
                                         .reply = given_reply("450 No\r\n")};
  EXPECT_EQ(say("x\r\n.\r\n"), "450 No\r\n");
  policy.decisions[Verb::end_of_data] = {.wait = 5s};
  envelope();
  say("DATA\r\n");
  say("x\r\n.\r\n");
  EXPECT_EQ(session->phase(), Phase::paused);
  EXPECT_TRUE(notes.to_record.empty());
  session->resume(out);
  EXPECT_EQ(session->phase(), Phase::recording);
  session->recorded(true, out);
  EXPECT_EQ(spoken(), "250 2.0.0 Ok\r\n");
  policy.decisions[Verb::end_of_data] = {.action = Action::drop};
  envelope();
  say("DATA\r\n");
  EXPECT_EQ(say("x\r\n.\r\n"), "");
  EXPECT_EQ(session->phase(), Phase::closed);
  EXPECT_EQ(notes.to_record, std::vector<std::string>{"yy"});
}

TEST_F(Decided, OfSeveralRecipientsThoseAreNotToldThatItIsTakenWhoAreNotOnRecord) {
  profile.protocol = ServerProfile::Protocol::lmtp;
  notes.records = true;
  policy.decisions[Verb::end_of_data] = {
      .each = each({nullptr, given_reply("550 No\r\n"), given_reply("250 Mine\r\n")})};
  begin();
  envelope(3);
  say("DATA\r\n");
  say("x\r\n.\r\n");
  EXPECT_EQ(notes.to_record, std::vector<std::string>{"yny"});
  session->recorded(false, out);
  const std::string failed = "452 4.3.1 Error: message could not be stored\r\n";
  EXPECT_EQ(spoken(), failed + "550 No\r\n" + failed);
  EXPECT_EQ(notes.answered, std::vector<std::size_t>{0});
}

}  // namespace
}  // namespace millrace::smtp
