// What a transcript cannot say of a server session: what its observer is told, and when.
#include "smtp/server_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "output_text.h"

namespace millrace::smtp {
namespace {

// Lets everything pass.
struct Pass : ServerPolicy {
  Decision decide(Verb, std::string_view) override { return {}; }
  Decision decide_content(Form /*form*/) override { return {}; }
  Decision decide_end() override { return {}; }
  bool admit_message() override { return true; }
  AuthenticationStep start_authentication(std::string_view,
                                          std::optional<std::string_view>) override {
    return {};
  }
  AuthenticationStep continue_authentication(std::string_view) override { return {}; }
};

// Takes notes.
struct Notes final : ServerObserver {
  void commanded(Verb verb, std::string_view arguments) override {
    if (verb == Verb::bdat) chunks += std::string(arguments) + ";";
  }
  void replied(std::optional<Verb> verb, std::string_view, std::size_t copies) override {
    replies += copies;
    answered = verb;
  }
  void greeted(Verb verb, std::string_view name) override {
    names += std::string(keyword(verb)) + " " + std::string(name) + ";";
  }
  void transaction_aborted() override { ++aborted; }
  [[nodiscard]] bool wants_content() const override { return true; }
  void content(std::string_view bytes, Form) override { handed_on += bytes.size(); }
  Storage message_complete() override {
    ++complete;
    return storage;
  }
  void client_attribute(std::string_view name, std::string_view value) override {
    attributes += std::string(name) + "=" + std::string(value) + ";";
  }

  std::string chunks;
  std::string attributes;
  std::string names;
  std::optional<Verb> answered;
  std::size_t replies = 0;
  std::size_t handed_on = 0;
  int aborted = 0;
  int complete = 0;
  Storage storage = Storage::kept;
};

struct Server {
  explicit Server(const ServerProfile& wanted) : profile(wanted) {
    session.start({.trusted = true}, out);
    test::take(out);
  }

  // All of `input` must be taken at once.
  std::string say(std::string_view input) {
    EXPECT_EQ(session.feed(input, out), input.size());
    return test::take(out);
  }

  ServerProfile profile;
  ServerReplies replies{profile};
  Pass policy;
  Notes notes;
  ServerSession session{profile, replies, policy, notes};
  Output out;
};

std::size_t lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(ServerSession, ManyRepliesToOneMessageComeInPieces) {
  constexpr std::size_t kRecipients = 100'000;
  ServerProfile profile;
  profile.protocol = ServerProfile::Protocol::lmtp;
  profile.limits.recipients = 0;
  Server server(profile);
  server.say("MAIL FROM:<a@b>\r\n");
  for (std::size_t n = 0; n < kRecipients; ++n) server.say("RCPT TO:<c@d>\r\n");
  server.say("DATA\r\n");
  EXPECT_EQ(server.notes.answered, Verb::data);
  const std::size_t asked = server.notes.replies;
  const std::string_view end = ".\r\nNOOP\r\n";
  EXPECT_EQ(server.session.feed(end, server.out), 3U);
  std::size_t answered = 0;
  while (server.session.phase() == ServerSession::SessionPhase::replying) {
    EXPECT_LT(server.out.size(), ServerSession::kReplyBound + 100);
    EXPECT_EQ(server.session.feed("NOOP\r\n", server.out), 0U);
    answered += lines(test::take(server.out));
    server.session.resume(server.out);
  }
  EXPECT_EQ(answered + lines(test::take(server.out)), kRecipients);
  EXPECT_EQ(server.notes.replies - asked, kRecipients);
  EXPECT_EQ(server.notes.answered, Verb::end_of_data);
  EXPECT_EQ(server.say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
}

TEST(ServerSession, AMessageHasAtMostFiftyThousandRecipients) {
  Server server({});
  server.say("MAIL FROM:<a@b>\r\n");
  for (int n = 0; n < 50'000; ++n) ASSERT_EQ(server.say("RCPT TO:<c@d>\r\n").substr(0, 3), "250");
  EXPECT_EQ(server.say("RCPT TO:<c@d>\r\n"), "452 4.5.3 Error: too many recipients\r\n");
  EXPECT_EQ(server.say("DATA\r\n").substr(0, 3), "354");
}

TEST(ServerSession, PastTheLimitNothingIsHandedOnAndWhatWasGoes) {
  ServerProfile profile;
  profile.limits.message_size = 1'000;
  Server server(profile);
  server.say("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
  for (int n = 0; n < 10; ++n) server.say(std::string(98, 'x') + "\r\n");
  EXPECT_EQ(server.notes.handed_on, 1'000U);
  EXPECT_EQ(server.notes.aborted, 0);
  for (int n = 0; n < 10; ++n) server.say(std::string(98, 'x') + "\r\n");
  EXPECT_EQ(server.notes.handed_on, 1'000U);
  EXPECT_EQ(server.notes.aborted, 1);
  EXPECT_EQ(server.say(".\r\n"), "552 5.3.4 Error: message size exceeds fixed limit\r\n");
  EXPECT_EQ(server.notes.aborted, 1);
  EXPECT_EQ(server.notes.complete, 0);
}

TEST(ServerSession, ARefusedChunkTakesWithItWhatWasKept) {
  ServerProfile profile;
  profile.offered.add(Extension::chunking);
  profile.limits.message_size = 1'000;
  Server server(profile);
  server.say("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 4\r\nabcd");
  EXPECT_EQ(server.notes.aborted, 0);
  EXPECT_EQ(server.say("BDAT 997\r\n"), "552 5.3.4 Error: message size exceeds fixed limit\r\n");
  EXPECT_EQ(server.notes.aborted, 1);
  server.say(std::string(997, 'x') + "BDAT 2\r\nxyBDAT 0 LAST\r\n");
  EXPECT_EQ(server.notes.handed_on, 4U);
  EXPECT_EQ(server.notes.aborted, 1);
  EXPECT_EQ(server.notes.complete, 0);
  EXPECT_EQ(server.notes.chunks, "4;997;2;0 LAST;");
}

// A program that ends waits for that reply.
TEST(ServerSession, OwesAReplyToAMessageThatItHasAdmitted) {
  struct Late final : Pass {
    Decision decide_end() override { return {.wait = std::chrono::seconds(1)}; }
  } late;
  const ServerProfile profile;
  const ServerReplies replies(profile);
  Notes notes;
  Output out;
  ServerSession session(profile, replies, late, notes);
  session.start({}, out);
  session.feed("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", out);
  EXPECT_FALSE(session.owes_final_reply());
  session.feed(".\r\n", out);
  EXPECT_EQ(session.phase(), ServerSession::SessionPhase::paused);
  EXPECT_TRUE(session.owes_final_reply());
  session.resume(out);
  EXPECT_FALSE(session.owes_final_reply());
}

// What waits for one reply adds up.
TEST(ServerSession, WaitsForAChunkAndForTheEndOfItsMessage) {
  struct Late final : Pass {
    Decision decide(Verb verb, std::string_view) override {
      return {.wait = std::chrono::seconds(verb == Verb::bdat ? 1 : 0)};
    }
    Decision decide_end() override { return {.wait = std::chrono::seconds(2)}; }
  } late;
  ServerProfile profile;
  profile.offered.add(Extension::chunking);
  const ServerReplies replies(profile);
  Notes notes;
  Output out;
  ServerSession session(profile, replies, late, notes);
  session.start({}, out);
  session.feed("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx", out);
  EXPECT_EQ(session.phase(), ServerSession::SessionPhase::paused);
  EXPECT_EQ(session.wait(), std::chrono::seconds(3));
}

TEST(ServerSession, AMessageThatIsNotAdmittedIsAborted) {
  struct Full final : Pass {
    bool admit_message() override { return false; }
  } full;
  const ServerProfile profile;
  const ServerReplies replies(profile);
  Notes notes;
  Output out;
  ServerSession session(profile, replies, full, notes);
  session.start({}, out);
  session.feed("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n", out);
  EXPECT_EQ(session.phase(), ServerSession::SessionPhase::closed);
  EXPECT_EQ(session.ending(), ServerSession::Ending::dropped);
  EXPECT_EQ(notes.aborted, 1);
  EXPECT_EQ(notes.complete, 0);
}

TEST(ServerSession, TellsWhoGreetsAndWhatIsAnswered) {
  Server server({});
  server.say("HELO one\r\nEHLO two\r\n");
  EXPECT_EQ(server.notes.names, "HELO one;EHLO two;");
  EXPECT_EQ(server.notes.answered, Verb::ehlo);
  server.say("FOO\r\n");
  EXPECT_EQ(server.notes.answered, std::nullopt);
}

TEST(ServerSession, HasNoUseForAChunkThatNobodyLooksAt) {
  ServerProfile profile;
  profile.offered.add(Extension::chunking);
  const ServerReplies replies(profile);
  Pass policy;
  ServerObserver nobody;
  Output out;
  ServerSession session(profile, replies, policy, nobody);
  session.start({}, out);
  session.feed("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", out);
  EXPECT_EQ(session.unwanted(), 0U);
  session.feed("BDAT 1000 LAST\r\nx", out);
  EXPECT_EQ(session.unwanted(), 999U);
  test::take(out);
  session.skip(999, out);
  EXPECT_EQ(test::take(out), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(session.unwanted(), 0U);
}

TEST(ServerSession, AnnouncesALimitOfOne) {
  ServerProfile profile;
  profile.offered = {Extension::size, Extension::limits};
  profile.limits = {.message_size = 1, .recipients = 1, .transactions = 1};
  Server server(profile);
  EXPECT_EQ(server.say("EHLO x\r\n"),
            "250-smtp-sink\r\n250-SIZE 1\r\n250-LIMITS MAILMAX=1 RCPTMAX=1\r\n250 \r\n");
  EXPECT_EQ(server.say("MAIL FROM:<a@b> SIZE=2\r\n"),
            "552 5.3.4 Error: message size exceeds fixed limit\r\n");
  EXPECT_EQ(server.say("MAIL FROM:<a@b> SIZE=1\r\n"), "250 2.1.0 Ok\r\n");
}

TEST(ServerSession, AnnouncesNoLimitThatIsNone) {
  ServerProfile profile;
  profile.offered = {Extension::limits};
  profile.limits = {.recipients = 0, .transactions = 7};
  EXPECT_EQ(Server(profile).say("EHLO x\r\n"), "250-smtp-sink\r\n250-LIMITS MAILMAX=7\r\n250 \r\n");
  profile.limits = {.recipients = 8, .transactions = 0};
  EXPECT_EQ(Server(profile).say("EHLO x\r\n"), "250-smtp-sink\r\n250-LIMITS RCPTMAX=8\r\n250 \r\n");
}

TEST(ServerSession, ALimitMayBeOne) {
  ServerProfile profile;
  profile.limits.transactions = profile.limits.recipients = 1;
  Server server(profile);
  EXPECT_EQ(server.say("MAIL FROM:<a@b>\r\n"), "250 2.1.0 Ok\r\n");
  EXPECT_EQ(server.say("RCPT TO:<c@d>\r\n"), "250 2.1.5 Ok\r\n");
  EXPECT_EQ(server.say("RCPT TO:<c@d>\r\n"), "452 4.5.3 Error: too many recipients\r\n");
  EXPECT_EQ(server.say("RSET\r\n"), "250 2.1.0 Ok\r\n");
  EXPECT_EQ(server.say("MAIL FROM:<a@b>\r\n"),
            "452 4.5.3 Error: too many messages on this session\r\n");
  ServerProfile hasty;
  hasty.limits.commands = 1;
  Server one_command(hasty);
  EXPECT_EQ(one_command.say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(one_command.say("NOOP\r\n"), "421 4.7.0 smtp-sink Error: too many commands\r\n");
}

TEST(ServerSession, TooManyErrorsEndItOnce) {
  ServerProfile profile;
  profile.limits.errors = 1;
  Server server(profile);
  const std::size_t greeting = server.notes.replies;
  EXPECT_EQ(server.say("FOO\r\n"),
            "500 5.5.1 Error: unknown command\r\n421 4.7.0 smtp-sink Error: too many errors\r\n");
  EXPECT_EQ(server.notes.replies - greeting, 2U);
  EXPECT_EQ(server.session.ending(), ServerSession::Ending::farewell);
  EXPECT_EQ(server.session.phase(), ServerSession::SessionPhase::closed);
}

// It names a moment in options and reports.
TEST(ServerSession, NobodyCanSayConnect) {
  Server server({});
  EXPECT_EQ(server.say("CONNECT\r\n"), "500 5.5.1 Error: unknown command\r\n");
}

TEST(ServerSession, AMessageTooLargeToStoreIsRefusedForGood) {
  Server server({});
  server.notes.storage = Storage::too_large;
  EXPECT_EQ(server.say("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n").substr(65),
            "552 5.3.4 Error: message size exceeds fixed limit\r\n");
}

TEST(ServerSession, AMessageThatCouldNotBeStoredIsRefusedForNow) {
  Server server({});
  server.notes.storage = Storage::failed;
  EXPECT_EQ(server.say("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n").substr(65),
            "452 4.3.1 Error: message could not be stored\r\n");
}

TEST(ServerSession, NoAttributeOfABadXclientTakesEffect) {
  ServerProfile profile;
  profile.xclient_takes_effect = true;
  profile.xclient_attributes = "NAME ADDR";
  Server server(profile);
  server.say("XCLIENT NAME=a ADDR=b FOO=c\r\nXCLIENT NAME=a ADDR\r\n");
  EXPECT_EQ(server.notes.attributes, "");
  server.say("XCLIENT name=a ADDR=b\r\n");
  EXPECT_EQ(server.notes.attributes, "NAME=a;ADDR=b;");
}

}  // namespace
}  // namespace millrace::smtp
