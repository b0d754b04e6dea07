// What a transcript cannot say of a client session: what its observer is told, and what is wrong.
#include "smtp/client_session.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model_server.h"
#include "output_text.h"

namespace millrace::smtp {
namespace {

using Phase = ClientSession::DialoguePhase;

struct Notes final : ClientObserver {
  void replied(const PendingCommand& command, const Reply& reply, Outcome outcome) override {
    constexpr std::array<std::string_view, 3> kOutcomes = {"expected", "refused", "tolerated"};
    replies.push_back(std::string(keyword(command.verb)) + " " + std::to_string(reply.code) + " " +
                      std::string(kOutcomes[static_cast<std::size_t>(outcome)]));
  }
  void transaction_begun(const RecipientBatch& batch) override { begun.push_back(batch.message); }
  void message_sent(std::uint64_t) override {}
  void message_over(std::uint64_t, std::size_t) override {}

  std::vector<std::string> replies;
  std::vector<std::uint64_t> begun;
};

// Has nothing to say to a challenge.
struct Distrust final : Authenticator {
  [[nodiscard]] std::string_view mechanism() const override { return "PLAIN"; }
  std::optional<std::string> begin() override { return std::nullopt; }
  std::optional<std::string> respond(std::string_view) override {
    cancelled = true;
    return std::nullopt;
  }
  [[nodiscard]] std::string fault() const override { return cancelled ? "no proof" : ""; }

  bool cancelled = false;
};

struct Client {
  explicit Client(const ClientPlan& wanted, ClientSession::Identity identity = {},
                  std::size_t recipients = 1)
      : plan(wanted), messages({recipients}), session(plan, identity, messages, notes) {}

  // What it says to that.
  std::string hear(std::string_view replies) {
    EXPECT_EQ(session.feed(replies, out), replies.size());
    return test::take(out);
  }
  [[nodiscard]] Verb pending() const { return session.pending_command().verb; }

  ClientPlan plan;
  Notes notes;
  test::NumberedMessages messages;
  ClientSession session;
  Output out;
};

const ClientPlan kExtended{.hello_verb = Verb::ehlo, .hello_name = "c"};

TEST(ClientSession, AServerNeedNotKnowEhlo) {
  Client client(kExtended);
  EXPECT_EQ(client.hear("220 s\r\n"), "EHLO c\r\n");
  EXPECT_EQ(client.hear("502 what?\r\n"), "HELO c\r\n");
  EXPECT_EQ(client.hear("250 s\r\n"), "");
  EXPECT_TRUE(client.session.may_send());
  EXPECT_EQ(client.notes.replies,
            (std::vector<std::string>{"CONNECT 220 expected", "EHLO 502 tolerated",
                                      "HELO 250 expected"}));
}

TEST(ClientSession, KnowsWhatWasPendingWhenItWasClosed) {
  Client opening(kExtended);
  opening.hear("220 s\r\n421 no more\r\n");
  EXPECT_EQ(opening.session.phase(), Phase::closed);
  EXPECT_EQ(opening.session.fault(), "unasked reply: 421 no more");
  Client client(kExtended);
  client.hear("220 s\r\n");
  client.hear("421 no more\r\n");
  EXPECT_EQ(client.session.phase(), Phase::closed);
  EXPECT_EQ(client.pending(), Verb::ehlo);
  Client later(kExtended);
  later.hear("220 s\r\n");
  later.hear("250 s\r\n");
  EXPECT_EQ(later.pending(), Verb::connect);
  later.session.send(0, later.out);
  EXPECT_EQ(test::take(later.out), "MAIL FROM:<0@x>\r\n");
  EXPECT_EQ(later.notes.begun, std::vector<std::uint64_t>{0});
  later.hear("421 no more\r\n");
  EXPECT_EQ(later.session.phase(), Phase::closed);
  EXPECT_EQ(later.session.fault(), "");
  EXPECT_EQ(later.notes.replies.back(), "MAIL 421 refused");
}

TEST(ClientSession, KnowsWhichRecipientIsPending) {
  Client client(kExtended, {}, 3);
  client.hear("220 s\r\n");
  client.hear("250 s\r\n");
  client.session.send(7, client.out);
  client.hear("250 ok\r\n");
  for (std::size_t recipient = 0; recipient < 3; ++recipient) {
    EXPECT_EQ(client.pending(), Verb::rcpt);
    EXPECT_EQ(client.session.pending_command().message, 7U);
    EXPECT_EQ(client.session.pending_command().recipient, recipient);
    client.hear("250 ok\r\n");
  }
  EXPECT_EQ(client.pending(), Verb::data);
}

TEST(ClientSession, ListensToNothingBehindTheEnd) {
  Client closed(kExtended);
  closed.hear("421 no\r\n250 late\r\n");
  closed.hear("250 later\r\n");
  EXPECT_EQ(closed.session.phase(), Phase::closed);
  EXPECT_EQ(closed.session.fault(), "");
  Client finished(kExtended);
  finished.hear("220 s\r\n");
  finished.hear("250 s\r\n");
  finished.session.quit(finished.out);
  EXPECT_EQ(finished.pending(), Verb::quit);
  finished.hear("221 bye\r\n250 late\r\n");
  EXPECT_EQ(finished.session.phase(), Phase::finished);
  EXPECT_EQ(finished.session.fault(), "");
  EXPECT_EQ(finished.notes.replies.size(), 3U);
}

TEST(ClientSession, SaysNothingMoreToAServerThatLacksWhatIsNeeded) {
  ClientPlan plan = kExtended;
  plan.wanted = {Extension::xclient, Extension::auth};
  Distrust distrust;
  Client client(plan, {.xclient = "NAME=c", .authenticator = &distrust});
  client.hear("220 s\r\n");
  EXPECT_EQ(client.hear("250-s\r\n250 AUTH PLAIN\r\n"), "");
  EXPECT_EQ(client.session.phase(), Phase::opening_failed);
  EXPECT_EQ(client.session.fault(), "server does not announce XCLIENT");
  EXPECT_EQ(client.pending(), Verb::ehlo);
}

// What is wrong with the exchange says more than that the server closes when it is told so.
TEST(ClientSession, AnExchangeThatItCancelsIsNoRefusalOfTheServer) {
  ClientPlan plan = kExtended;
  plan.wanted = {Extension::auth};
  for (const char* const last : {"501 cancelled\r\n", "421 go away\r\n"}) {
    Distrust distrust;
    Client client(plan, {.authenticator = &distrust});
    client.hear("220 s\r\n");
    EXPECT_EQ(client.hear("250-s\r\n250 AUTH PLAIN\r\n"), "AUTH PLAIN\r\n");
    EXPECT_EQ(client.hear("334 x\r\n"), "*\r\n");
    client.hear(last);
    EXPECT_EQ(client.session.fault(), "no proof");
    EXPECT_TRUE(client.notes.replies.back().ends_with(" tolerated")) << last;
  }
}

TEST(ClientSession, AnUnaskedReplyIsToldAsItIs) {
  Client client(kExtended);
  client.hear("220 s\r\n");
  client.hear("250 s\r\n250 s\r\n");
  EXPECT_EQ(client.session.phase(), Phase::broken);
  EXPECT_EQ(client.session.fault(), "unasked reply: 250 s");
  Client closing(kExtended);
  closing.hear("220 s\r\n");
  closing.hear("250 s\r\n");
  closing.hear("421 idle too long\r\n");
  EXPECT_EQ(closing.session.phase(), Phase::closed);
  EXPECT_EQ(closing.session.fault(), "unasked reply: 421 idle too long");
}

}  // namespace
}  // namespace millrace::smtp
