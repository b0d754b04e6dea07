#include "source/delivery_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model_server.h"
#include "output_text.h"
#include "smtp/client_session.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using smtp::Extension;
using test::ModelServer;
using test::NumberedMessages;

// What was told, with its texts.
struct Told final : DeliveryObserver {
  void delivered(const Delivery& delivery, const smtp::MessageSource&, TimePoint) override {
    EXPECT_FALSE(deliveries.contains(delivery.message)) << "told twice";
    deliveries.insert({delivery.message, delivery});
  }

  std::map<std::uint64_t, Delivery> deliveries;
};

// Hands on what a client tells to a record, and knows how far its output has got.
class Client : public smtp::ClientObserver {
 public:
  Client(const smtp::ClientPlan& plan, const smtp::MessageSource& messages)
      : record(7, plan.hello_verb == smtp::Verb::lhlo, messages, observers) {}

  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome outcome) override {
    record.replied(command, reply, outcome);
  }
  void transaction_begun(const smtp::RecipientBatch& batch) override {
    record.transaction_begun(batch);
  }
  void content_ended(std::uint64_t message) override {
    record.content_ended(message, sent + out.size(), now);
  }
  void transaction_over(const smtp::RecipientBatch& batch, std::size_t taken, bool again) override {
    record.transaction_over(batch, taken, again, now);
  }
  void message_sent(std::uint64_t) override {}
  void message_over(std::uint64_t message, std::size_t recipients) override {
    record.message_over(message, TimePoint());
    accepted[message] = recipients;
  }

  // Lets so much of the output go.
  std::string send(std::size_t most = ~std::size_t{0}) {
    const std::string bytes = out.flattened().substr(0, most);
    out.consume(bytes.size());
    sent += bytes.size();
    return bytes;
  }

  Told told;
  std::vector<DeliveryObserver*> observers{&told};
  Output out;
  std::uint64_t sent = 0;
  TimePoint now;
  std::map<std::uint64_t, std::size_t> accepted;  // recipients, by message
  DeliveryRecord record;
};

// What a server makes of it.
struct Setting {
  test::ServerHabits habits;
  smtp::ClientPlan plan;
  smtp::Capabilities capabilities;
  std::vector<std::size_t> recipients;
  double refuses = 0;          // of the times that it may
  std::optional<int> replies;  // after so many the connection is lost

  explicit Setting(std::mt19937& random) {
    const auto below = [&](unsigned bound) { return random() % bound; };
    habits.lmtp = below(3) == 0;
    habits.hollow = static_cast<test::ServerHabits::Hollow>(below(3));
    habits.refused_end_closes = below(2) == 0;
    habits.spoilt_ends_at_last = below(2) == 0;
    habits.content_for_nobody = below(2) == 0;
    habits.spoilt_code = below(2) == 0 ? 503 : 552;
    plan.hello_verb = habits.lmtp ? smtp::Verb::lhlo : smtp::Verb::ehlo;
    plan.window = 1 + below(4);
    plan.chunk_size = below(2) * 5;
    if (below(3) > 0) plan.wanted.add(Extension::pipelining);
    if (below(2) == 0) plan.wanted.add(Extension::chunking);
    capabilities.recipient_limit = below(2) * 2;
    for (unsigned i = 0; i < 3; ++i) recipients.push_back(1 + below(5));
    refuses = 0.1 * static_cast<double>(below(6));
    if (below(2) == 0) replies = static_cast<int>(below(30));
  }
};

// Sends three messages, perhaps until the connection is lost in the midst of what goes out.
void play(const Setting& setting, std::mt19937& random) {
  const NumberedMessages messages(setting.recipients);
  ModelServer server(setting.habits,
                     [&] { return std::uniform_real_distribution<>()(random) < setting.refuses; });
  Client client(setting.plan, messages);
  smtp::ClientTransactions transactions(setting.plan, messages, client);
  transactions.open(setting.plan.wanted, setting.capabilities);
  std::uint64_t message = 0;
  const auto send = [&] {
    for (; transactions.may_send() && message < 3; ++message) {
      client.record.take({.message = message, .attempt = 2}, TimePoint());
      transactions.send(message, client.out);
    }
  };
  send();
  int replies = 0;
  while (!transactions.idle() && replies++ != setting.replies) {
    server.read(client.send());
    ASSERT_FALSE(server.answers.empty());
    const ModelServer::Answer answer = server.answers.front();
    server.answers.pop_front();
    const std::string text = std::to_string(answer.code) + " x";
    const smtp::Reply reply{.code = answer.code, .text = text};
    const smtp::Outcome outcome = transactions.judge(reply);
    client.replied(transactions.pending_command(), reply, outcome);
    transactions.take_reply(reply, outcome, client.out);
    send();
  }
  const bool lost = !transactions.idle();
  if (lost) server.read(client.send(random() % (client.out.size() + 1)));
  client.record.lose(client.sent, TimePoint());

  ASSERT_EQ(client.told.deliveries.size(), message);
  for (const auto& [number, delivery] : client.told.deliveries) {
    EXPECT_EQ(delivery.attempt, 2U);
    ASSERT_EQ(delivery.recipients.size(), messages.recipients(number));
    std::size_t accepted = 0;
    for (std::size_t place = 0; place < delivery.recipients.size(); ++place) {
      const int deliveries = server.deliveries[{number, place}];
      switch (delivery.recipients[place].fate) {
        case Fate::accepted:
          ++accepted;
          EXPECT_EQ(deliveries, 1) << number << " to " << place;
          break;
        case Fate::deferred:
        case Fate::refused:
          EXPECT_EQ(deliveries, 0) << number << " to " << place;
          break;
        case Fate::in_doubt:
          EXPECT_TRUE(lost);
          break;
        case Fate::lost:
          EXPECT_TRUE(lost);
          EXPECT_EQ(deliveries, 0) << number << " to " << place;
          break;
        default:
          ADD_FAILURE() << "nothing was said of " << number << " to " << place;
      }
    }
    if (!client.accepted.contains(number)) continue;
    EXPECT_EQ(accepted, client.accepted[number]) << number;
    EXPECT_EQ(delivery.ending, Delivery::Ending::over);
    if (accepted > 0) {
      EXPECT_TRUE(delivery.reply().positive());
    } else {
      EXPECT_TRUE(delivery.reply().given());
      EXPECT_FALSE(delivery.reply().positive());
    }
  }
}

TEST(DeliveryRecord, SaysOfEveryRecipientWhatTheServerMadeOfIt) {
  for (unsigned seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    const Setting setting(random);
    play(setting, random);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

// A session of which each reply is written down here.
class DeliveryRecordTest : public testing::Test {
 protected:
  // What the server says to the greeting and the hello: "250-x\r\n250 PIPELINING\r\n".
  void connect(std::string_view hello, std::vector<std::size_t> recipients = {1}) {
    plan.hello_name = "me";
    messages.emplace(std::move(recipients));
    client.emplace(plan, *messages);
    session.emplace(plan, smtp::ClientSession::Identity{}, *messages, *client);
    says("220 x\r\n");
    says(hello);
  }
  // The first message waits for it, which has one recipient.
  void connect_for_the_first() {
    plan.hello_name = "me";
    messages.emplace(std::vector<std::size_t>{1});
    client.emplace(plan, *messages);
    session.emplace(plan, smtp::ClientSession::Identity{}, *messages, *client);
    client->record.take({.message = 0}, TimePoint());
  }
  void says(std::string_view text) {
    session->feed(text, client->out);
    client->send();
  }
  void send(std::uint64_t message) {
    client->record.take({.message = message, .intended = TimePoint(1s)}, TimePoint(2s));
    session->send(message, client->out);
    client->send();
  }
  void lose() { client->record.lose(client->sent, client->now); }
  const Delivery& told(std::uint64_t message = 0) { return client->told.deliveries.at(message); }
  std::string reply(std::uint64_t message = 0) {
    return std::string(told(message).text(told(message).reply()));
  }
  std::string reply_to(std::size_t recipient) {
    return std::string(told().text(told().recipients[recipient].reply));
  }

  smtp::ClientPlan plan;
  std::optional<NumberedMessages> messages;
  std::optional<Client> client;
  std::optional<smtp::ClientSession> session;
};

TEST_F(DeliveryRecordTest, KeepsRepliesOfEachRecipientAndOfTheEnd) {
  connect("250 x\r\n", {3});
  client->record.secured("TLSv1.3");
  send(0);
  says("250 sender\r\n");
  says("250 first\r\n");
  says("550 5.1.1 no such\r\n");
  says("450 4.2.1 greylisted\r\n");
  says("354 go\r\n");
  says("250-2.0.0 Ok:\r\n250 queued as 4ABC\r\n");
  EXPECT_EQ(told().outcome(), DeliveryOutcome::partly_accepted);
  EXPECT_EQ(told().recipients[0].fate, Fate::accepted);
  EXPECT_EQ(told().recipients[1].fate, Fate::refused);
  EXPECT_EQ(told().recipients[2].fate, Fate::deferred);
  EXPECT_EQ(reply_to(0), "250 first");
  EXPECT_EQ(reply_to(1), "550 5.1.1 no such");
  EXPECT_EQ(reply_to(2), "450 4.2.1 greylisted");
  EXPECT_EQ(reply(), "250 2.0.0 Ok:\nqueued as 4ABC");
  EXPECT_EQ(told().session, 7U);
  EXPECT_EQ(told().attempt, 1U);
  EXPECT_EQ(told().intended, TimePoint(1s));
  EXPECT_EQ(told().begun, TimePoint(2s));
  EXPECT_EQ(told().tls_version, "TLSv1.3");
  EXPECT_EQ(told().bytes, messages->content_size(0));
}

// RCPTMAX makes a transaction for each two (RFC 9422); each has the content.
TEST_F(DeliveryRecordTest, TheContentOfEachTransactionCounts) {
  plan.hello_verb = smtp::Verb::ehlo;
  connect("250-x\r\n250 LIMITS RCPTMAX=2\r\n", {5});
  send(0);
  for (const std::size_t recipients : {2U, 2U, 1U}) {
    says("250 from\r\n");
    for (std::size_t i = 0; i < recipients; ++i) says("250 to\r\n");
    says("354 go on\r\n");
    says("250 taken\r\n");
  }
  ASSERT_EQ(told().recipients.size(), 5U);
  EXPECT_GT(told().bytes, 0U);
  EXPECT_EQ(told().bytes, messages->content_size(0));
  EXPECT_EQ(told().content_sent, 3 * told().bytes);
}

TEST_F(DeliveryRecordTest, ANoToTheEndIsForAllWhoseRecipientWasTaken) {
  connect("250 x\r\n", {2});
  send(0);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "550 c\r\n", "354 d\r\n"}) says(line);
  says("452 full\r\n");
  EXPECT_EQ(told().outcome(), DeliveryOutcome::deferred);
  EXPECT_EQ(told().recipients[0].fate, Fate::deferred);
  EXPECT_EQ(reply_to(0), "250 b");
  EXPECT_EQ(told().recipients[1].fate, Fate::refused);
  EXPECT_EQ(reply(), "452 full");
}

TEST_F(DeliveryRecordTest, ANoToTheSenderIsForAllRecipients) {
  connect("250 x\r\n", {2});
  send(0);
  says("553 not you\r\n");
  EXPECT_EQ(told().outcome(), DeliveryOutcome::refused);
  EXPECT_EQ(told().recipients[1].fate, Fate::refused);
  EXPECT_EQ(reply_to(1), "553 not you");
  EXPECT_EQ(reply(), "553 not you");
  EXPECT_EQ(told().bytes, 0U);
}

// The outcome is that of one recipient; the reply is not another one's.
TEST_F(DeliveryRecordTest, TheReplyIsTheOneThatGaveTheOutcome) {
  connect("250 x\r\n", {3});
  send(0);
  says("250 a\r\n");
  for (const char* const line : {"450 b\r\n", "550 c\r\n", "551 d\r\n"}) says(line);
  EXPECT_EQ(told().outcome(), DeliveryOutcome::deferred);
  EXPECT_EQ(reply(), "450 b");

  connect("250 x\r\n", {2});
  send(0);
  for (const char* const line : {"250 a\r\n", "450 b\r\n", "250 c\r\n", "354 d\r\n"}) says(line);
  says("552 too large\r\n");
  EXPECT_EQ(told().outcome(), DeliveryOutcome::deferred);
  EXPECT_EQ(reply(), "450 b");

  plan.hello_verb = smtp::Verb::lhlo;
  connect("250 x\r\n", {2});
  send(0);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "250 c\r\n", "354 d\r\n"}) says(line);
  says("452 full\r\n550 nobody\r\n");
  EXPECT_EQ(told().outcome(), DeliveryOutcome::deferred);
  EXPECT_EQ(reply(), "452 full");
}

TEST_F(DeliveryRecordTest, NoReplyDecidesOfWhatIsInDoubtOrLostWithTheConnection) {
  for (const bool content : {true, false}) {
    connect("250 x\r\n", {2});
    send(0);
    for (const char* const line : {"250 a\r\n", "550 b\r\n", "250 c\r\n"}) says(line);
    if (content) says("354 go\r\n");
    lose();
    EXPECT_EQ(told().outcome(), content ? DeliveryOutcome::in_doubt : DeliveryOutcome::lost);
    EXPECT_EQ(reply_to(0), "550 b");
    EXPECT_EQ(reply(), "");
  }
}

TEST_F(DeliveryRecordTest, WhatFollowsFromANoIsNotTheReply) {
  plan.hello_verb = smtp::Verb::ehlo;
  plan.wanted = {Extension::pipelining};
  connect("250-x\r\n250 PIPELINING\r\n");
  send(0);
  says("451 later\r\n503 no sender\r\n503 no recipient\r\n");
  EXPECT_EQ(told().outcome(), DeliveryOutcome::deferred);
  EXPECT_EQ(reply(), "451 later");
}

// The second of a window meets a server in the midst of the first, and goes again.
TEST_F(DeliveryRecordTest, WhatIsSentAgainIsJudgedByItsLastReplies) {
  plan.hello_verb = smtp::Verb::ehlo;
  plan.wanted = {Extension::pipelining, Extension::chunking};
  plan.window = 2;
  connect("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  send(0);
  send(1);
  says("250 a\r\n550 nobody\r\n503 no recipient\r\n");
  EXPECT_EQ(told(0).outcome(), DeliveryOutcome::refused);
  EXPECT_EQ(reply(0), "550 nobody");
  says("503 nested\r\n550 nobody\r\n503 no recipient\r\n");
  EXPECT_FALSE(client->told.deliveries.contains(1));
  says("250 reset\r\n");
  says("250 a\r\n250 b\r\n250 queued\r\n");
  EXPECT_EQ(told(1).outcome(), DeliveryOutcome::accepted);
  EXPECT_EQ(reply(1), "250 queued");
}

TEST_F(DeliveryRecordTest, InLmtpEachRecipientHasItsOwnEnd) {
  plan.hello_verb = smtp::Verb::lhlo;
  connect("250 x\r\n", {4});
  send(0);
  says("250 a\r\n");
  for (const char* const line : {"250 a\r\n", "550 b\r\n", "250 c\r\n", "250 d\r\n"}) says(line);
  says("354 go\r\n");
  says("250 taken\r\n452 full\r\n");
  lose();
  EXPECT_EQ(told().outcome(), DeliveryOutcome::partly_accepted);
  EXPECT_EQ(told().recipients[0].fate, Fate::accepted);
  EXPECT_EQ(reply_to(0), "250 taken");
  EXPECT_EQ(reply_to(1), "550 b");
  EXPECT_EQ(told().recipients[2].fate, Fate::deferred);
  EXPECT_EQ(reply_to(2), "452 full");
  EXPECT_EQ(told().recipients[3].fate, Fate::in_doubt) << "its content was there";
  EXPECT_EQ(reply(), "250 taken");
}

TEST_F(DeliveryRecordTest, WhatHasAllLeftIsInDoubtAndWhatHasNotIsLost) {
  for (const std::size_t kept_back : {0U, 1U}) {
    connect("250 x\r\n", {2});
    send(0);
    for (const char* const line : {"250 a\r\n", "250 b\r\n", "550 c\r\n"}) says(line);
    session->feed("354 go\r\n", client->out);
    client->send(client->out.size() - kept_back);
    lose();
    EXPECT_EQ(told().outcome(), kept_back == 0 ? DeliveryOutcome::in_doubt : DeliveryOutcome::lost);
    EXPECT_EQ(told().recipients[1].fate, Fate::refused);
    EXPECT_EQ(told().ending, Delivery::Ending::lost);
  }
}

// RFC 5321, 4.2.1: what is neither 2xx, 4xx nor 5xx does not say whether the server has taken it.
TEST_F(DeliveryRecordTest, AnEndThatIsAnsweredByNeitherYesNorNoLeavesInDoubt) {
  plan.hello_verb = smtp::Verb::ehlo;
  for (const bool chunked : {false, true}) {
    plan.wanted = {};
    if (chunked) plan.wanted = {Extension::chunking};
    for (const std::string said : {"hm", "", "150 hm", "354 again", "999 what", "25 ok"}) {
      connect("250-x\r\n250 CHUNKING\r\n", {3});
      send(0);
      says("250 a\r\n");
      for (const char* const line : {"250 b\r\n", "550 c\r\n", "450 d\r\n"}) says(line);
      if (!chunked) says("354 go\r\n");
      says(said + "\r\n");
      EXPECT_EQ(told().outcome(), DeliveryOutcome::in_doubt) << said;
      EXPECT_EQ(told().ending, Delivery::Ending::over);
      EXPECT_EQ(told().recipients[0].fate, Fate::in_doubt) << said;
      EXPECT_EQ(told().recipients[1].fate, Fate::refused);
      EXPECT_EQ(told().recipients[2].fate, Fate::deferred);
      EXPECT_EQ(reply_to(0), "250 b");
      EXPECT_EQ(reply(), said);
    }
  }
}

TEST_F(DeliveryRecordTest, InLmtpItLeavesThatRecipientInDoubt) {
  plan.hello_verb = smtp::Verb::lhlo;
  connect("250 x\r\n", {4});
  send(0);
  says("250 a\r\n");
  for (int recipient = 0; recipient < 4; ++recipient) says("250 b\r\n");
  says("354 go\r\n");
  says("552 full\r\nhm\r\n150 well\r\n450 later\r\n");
  EXPECT_EQ(told().outcome(), DeliveryOutcome::in_doubt);
  EXPECT_EQ(told().recipients[0].fate, Fate::refused);
  EXPECT_EQ(told().recipients[1].fate, Fate::in_doubt);
  EXPECT_EQ(told().recipients[2].fate, Fate::in_doubt);
  EXPECT_EQ(told().recipients[3].fate, Fate::deferred);
  EXPECT_EQ(reply_to(1), "hm");
  EXPECT_EQ(reply(), "150 well");
}

TEST_F(DeliveryRecordTest, WhatIsNoReplyAheadOfTheEndIsANoForNow) {
  for (const std::vector<const char*>& dialogue :
       {std::vector{"hm\r\n"}, {"250 a\r\n", "hm\r\n"}, {"250 a\r\n", "250 b\r\n", "hm\r\n"}}) {
    connect("250 x\r\n");
    send(0);
    for (const char* const line : dialogue) says(line);
    EXPECT_EQ(told().outcome(), DeliveryOutcome::deferred) << dialogue.size();
    EXPECT_EQ(reply(), "hm");
  }
}

// By then the server may have all of it: the reply to the end says what became of it, if any does.
TEST_F(DeliveryRecordTest, WhatIsNoReplyAheadOfTheEndDecidesNothingOfWhatHasAllBeenSent) {
  plan.hello_verb = smtp::Verb::ehlo;
  plan.wanted = {Extension::pipelining, Extension::chunking};
  plan.chunk_size = 5;  // of nine bytes
  const std::vector<std::pair<std::string, DeliveryOutcome>> dialogues = {
      {"hm\r\n250 b\r\nhm\r\nhm\r\n", DeliveryOutcome::in_doubt},
      {"hm\r\n250 b\r\n503 c\r\n503 d\r\n", DeliveryOutcome::deferred},
      {"hm\r\n250 b\r\n250 c\r\n250 d\r\n", DeliveryOutcome::accepted},
      {"250 a\r\n250 b\r\nhm\r\nhm\r\n", DeliveryOutcome::in_doubt},
      {"250 a\r\n250 b\r\nhm\r\n503 d\r\n", DeliveryOutcome::deferred},
      {"250 a\r\n250 b\r\n552 c\r\nhm\r\n", DeliveryOutcome::refused},
      {"hm\r\n", DeliveryOutcome::in_doubt},
      {"hm\r\n503 b\r\n", DeliveryOutcome::lost},
      {"250 a\r\n250 b\r\nhm\r\n", DeliveryOutcome::in_doubt},
      {"250 a\r\n250 b\r\nhm\r\n421 bye\r\n", DeliveryOutcome::lost},
  };
  for (const auto& [replies, outcome] : dialogues) {
    connect("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    send(0);
    says(replies);
    lose();
    EXPECT_EQ(told().outcome(), outcome) << replies;
  }
}

// The server closes, but not without having said no.
// Two for three recipients, of which the second is lost.
TEST_F(DeliveryRecordTest, EachRecipientKnowsItsTransaction) {
  plan.hello_verb = smtp::Verb::ehlo;
  connect("250-x\r\n250 LIMITS RCPTMAX=2\r\n", {3});
  send(0);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "250 c\r\n"}) says(line);
  client->now = TimePoint(3s);
  says("354 d\r\n");
  client->now = TimePoint(4s);
  says("250 queued\r\n");
  for (const char* const line : {"250 a\r\n", "250 b\r\n"}) says(line);
  client->now = TimePoint(5s);
  says("354 d\r\n");
  client->now = TimePoint(6s);
  lose();
  const std::vector<Delivery::Transaction>& transactions = told().transactions;
  ASSERT_EQ(transactions.size(), 2U);
  for (const std::size_t place : {0U, 1U, 2U}) {
    EXPECT_EQ(told().recipients[place].transaction, place / 2);
  }
  EXPECT_EQ(told().text(transactions[0].end), "250 queued");
  EXPECT_EQ(transactions[0].sent, TimePoint(3s));
  EXPECT_EQ(transactions[0].over, TimePoint(4s));
  EXPECT_FALSE(transactions[1].end.given());
  EXPECT_EQ(transactions[1].sent, TimePoint(5s));
  EXPECT_EQ(transactions[1].over, TimePoint(6s));
}

TEST_F(DeliveryRecordTest, WhatWasNeverBegunHasNoTransaction) {
  connect_for_the_first();
  lose();
  EXPECT_TRUE(told().transactions.empty());
  EXPECT_EQ(told().recipients[0].transaction, Delivery::kNoTransaction);
  client->record.take({.message = 1, .remains = {.recipients = {4}}}, TimePoint());
  lose();
  EXPECT_EQ(told(1).numbers, (std::vector<std::uint32_t>{4}));
}

TEST_F(DeliveryRecordTest, WhatWasRefusedWithTheSessionIsNotInDoubt) {
  connect("250 x\r\n");
  send(0);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "354 c\r\n"}) says(line);
  says("421 4.3.2 shutting down\r\n");
  lose();
  EXPECT_EQ(told().outcome(), DeliveryOutcome::lost);
  EXPECT_EQ(reply(), "421 4.3.2 shutting down");
}

// Then the connection is lost before the replies to what was pipelined behind it.
TEST_F(DeliveryRecordTest, ANoToTheSenderIsForAllThoughTheirRepliesNeverCome) {
  plan.hello_verb = smtp::Verb::ehlo;
  plan.wanted = {Extension::pipelining};
  for (const char* const no : {"550 5.7.1 banned", "451 4.7.1 later"}) {
    connect("250-x\r\n250 PIPELINING\r\n", {2});
    send(0);
    says(std::string(no) + "\r\n");
    lose();
    EXPECT_EQ(told().outcome(),
              no[0] == '5' ? DeliveryOutcome::refused : DeliveryOutcome::deferred);
    EXPECT_EQ(told().recipients[1].fate, no[0] == '5' ? Fate::refused : Fate::deferred);
    EXPECT_EQ(reply_to(1), no);
    EXPECT_EQ(reply(), no);
  }
}

// RFC 7504: the server takes no mail.
TEST_F(DeliveryRecordTest, WhatIsClosedBy521IsRefused) {
  connect("250 x\r\n", {2});
  send(0);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "451 c\r\n", "354 d\r\n"}) says(line);
  says("521 no mail here\r\n");
  lose();
  EXPECT_EQ(told().recipients[0].fate, Fate::refused);
  EXPECT_EQ(told().recipients[1].fate, Fate::deferred) << "it had its own reply";
  EXPECT_EQ(told().outcome(), DeliveryOutcome::deferred);
  EXPECT_EQ(reply(), "451 c");

  connect("250 x\r\n", {3});
  send(0);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "521 no mail here\r\n"}) says(line);
  lose();
  EXPECT_EQ(told().outcome(), DeliveryOutcome::refused);
  EXPECT_EQ(told().recipients[0].fate, Fate::refused);
  EXPECT_EQ(told().recipients[2].fate, Fate::refused);
  EXPECT_EQ(reply_to(2), "521 no mail here");
  EXPECT_EQ(reply(), "521 no mail here");
}

TEST_F(DeliveryRecordTest, WhatIsClosedBy421IsLostWhateverThatWasTo) {
  connect("250 x\r\n", {3});
  send(0);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "421 bye\r\n"}) says(line);
  lose();
  for (const Delivery::Recipient& recipient : told().recipients) {
    EXPECT_EQ(recipient.fate, Fate::lost);
  }
  EXPECT_EQ(reply(), "421 bye");
}

// A reply by which the server closes follows from the no before it.
TEST_F(DeliveryRecordTest, TheFirstNoDecidesWhateverTheServerClosesBy) {
  plan.hello_verb = smtp::Verb::ehlo;
  plan.wanted = {Extension::pipelining};
  connect("250-x\r\n250 PIPELINING\r\n", {2});
  send(0);
  says("550 banned\r\n421 bye\r\n");
  lose();
  EXPECT_EQ(told().outcome(), DeliveryOutcome::refused);
  EXPECT_EQ(told().recipients[0].fate, Fate::refused);
  EXPECT_EQ(reply(), "550 banned");
}

// Replies come in order: what was sent behind has none, and gets none any more.
TEST_F(DeliveryRecordTest, WhatWasSentBehindThatByWhichTheServerClosesIsNotInDoubt) {
  plan.hello_verb = smtp::Verb::ehlo;
  plan.wanted = {Extension::pipelining, Extension::chunking};
  plan.window = 3;
  for (const char* const replies :
       {"421 bye\r\n", "250 a\r\n421 bye\r\n", "250 a\r\n250 b\r\n421 bye\r\n", "521 no mail\r\n",
        "250 a\r\n250 b\r\n521 no mail\r\n", ""}) {
    connect("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    for (std::uint64_t message = 0; message < 3; ++message) send(message);
    says(replies);
    lose();
    const bool closed = *replies != 0;
    const bool no_mail = std::string_view(replies).find("521") != std::string_view::npos;
    EXPECT_EQ(told(0).outcome(), no_mail  ? DeliveryOutcome::refused
                                 : closed ? DeliveryOutcome::lost
                                          : DeliveryOutcome::in_doubt)
        << replies;
    for (const std::uint64_t behind : {1U, 2U}) {
      EXPECT_EQ(told(behind).outcome(), closed ? DeliveryOutcome::lost : DeliveryOutcome::in_doubt)
          << replies;
      EXPECT_EQ(reply(behind), "");
    }
  }
}

TEST_F(DeliveryRecordTest, TheNextConnectionIsAnotherOne) {
  plan.hello_verb = smtp::Verb::ehlo;
  connect("250 x\r\n");
  client->record.secured("TLSv1.3");
  send(0);
  says("421 bye\r\n");
  lose();
  EXPECT_EQ(told(0).tls_version, "TLSv1.3");
  client->record.take({.message = 1}, TimePoint());  // and the connection is refused
  lose();
  EXPECT_EQ(told(1).tls_version, "");
  EXPECT_EQ(told(1).outcome(), DeliveryOutcome::lost);

  session.emplace(plan, smtp::ClientSession::Identity{}, *messages, *client);
  says("220 x\r\n");
  says("250 x\r\n");
  send(2);
  for (const char* const line : {"250 a\r\n", "250 b\r\n", "354 c\r\n"}) says(line);
  lose();
  EXPECT_EQ(told(2).outcome(), DeliveryOutcome::in_doubt) << "this one was not closed by 421";
}

// That its RCPT follows from a failure leaves open whether the server means it, but not that it
// was not taken. A no to the MAIL alone does: the server may be in a transaction that it kept open.
TEST_F(DeliveryRecordTest, WhoseRecipientMetANoIsNotInDoubt) {
  plan.hello_verb = smtp::Verb::ehlo;
  plan.wanted = {Extension::pipelining, Extension::chunking};
  plan.window = 2;
  connect("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n", {2});
  send(0);
  send(1);
  says("250 a\r\n550 nobody\r\n550 nobody\r\n503 no recipient\r\n");
  says("503 nested\r\n503 no sender\r\n");
  lose();
  EXPECT_EQ(told(1).recipients[0].fate, Fate::lost);
  EXPECT_EQ(told(1).recipients[1].fate, Fate::in_doubt);
}

// The server had all of the message, and a reply is for one of them alone (RFC 2033, 4.2).
TEST_F(DeliveryRecordTest, InLmtpWhoHasNoReplyOfItsOwnIsInDoubtThoughTheServerCloses) {
  plan.hello_verb = smtp::Verb::lhlo;
  for (const char* const closing : {"421 bye", "521 no mail"}) {
    for (const bool taken : {true, false}) {
      connect("250 x\r\n", {3});
      send(0);
      for (const char* const line : {"250 a\r\n", "250 b\r\n", "250 c\r\n"}) says(line);
      for (const char* const line : {"250 d\r\n", "354 go\r\n"}) says(line);
      if (taken) says("250 taken\r\n");
      says(std::string(closing) + "\r\n");
      lose();
      const std::size_t place = taken ? 1 : 0;
      EXPECT_EQ(told().recipients[place].fate, closing[0] == '5' ? Fate::refused : Fate::lost);
      EXPECT_EQ(reply_to(place), closing);
      EXPECT_EQ(told().recipients[place + 1].fate, Fate::in_doubt);
      EXPECT_EQ(told().recipients[2].fate, Fate::in_doubt);
      EXPECT_EQ(told().outcome(),
                taken ? DeliveryOutcome::partly_accepted : DeliveryOutcome::in_doubt);
      EXPECT_EQ(reply(), taken ? "250 taken" : "");
    }
  }
}

// The second message is behind that by which the server closes, and its content has left too.
TEST_F(DeliveryRecordTest, InLmtpWhatIsClosedAheadOfItsEndIsNotInDoubt) {
  plan.hello_verb = smtp::Verb::lhlo;
  plan.wanted = {Extension::pipelining, Extension::chunking};
  plan.window = 2;
  for (const char* const replies :
       {"250 a\r\n250 b\r\n421 bye\r\n", "250 a\r\n250 b\r\n250 c\r\n421 bye\r\n"}) {
    connect("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n", {2, 2});
    send(0);
    send(1);
    says(replies);
    lose();
    const bool at_end = std::string_view(replies).find("250 c") != std::string_view::npos;
    EXPECT_EQ(told(0).recipients[0].fate, Fate::lost);
    EXPECT_EQ(told(0).recipients[1].fate, at_end ? Fate::in_doubt : Fate::lost);
    EXPECT_EQ(told(1).outcome(), DeliveryOutcome::lost);
  }
}

TEST_F(DeliveryRecordTest, WhatNeverBeganIsLostOrUnfinished) {
  connect("250 x\r\n");
  client->record.take({.message = 3}, TimePoint());
  lose();
  EXPECT_EQ(told(3).outcome(), DeliveryOutcome::lost);
  EXPECT_EQ(reply(3), "");
  client->record.take({.message = 4}, TimePoint());
  client->record.abandon(client->sent, TimePoint());
  EXPECT_EQ(told(4).outcome(), DeliveryOutcome::unfinished);
}

// Its message is due and never asked about.
TEST_F(DeliveryRecordTest, ARefusedSessionIsToldWithTheMessageThatWaitsForIt) {
  plan.hello_verb = smtp::Verb::ehlo;
  for (const std::vector<const char*>& dialogue :
       {std::vector{"421 4.3.2 busy\r\n"},
        {"220 x\r\n", "421 4.3.2 busy\r\n"},
        {"220 x\r\n", "502 no\r\n", "421 4.3.2 busy\r\n"}}) {
    connect_for_the_first();
    for (const char* const line : dialogue) says(line);
    lose();
    EXPECT_EQ(told().outcome(), DeliveryOutcome::lost);
    EXPECT_EQ(told().recipients[0].fate, Fate::lost);
    EXPECT_EQ(reply_to(0), "");
    EXPECT_EQ(reply(), "421 4.3.2 busy");
  }
}

TEST_F(DeliveryRecordTest, ANoToTheOpeningIsNothingOnceTheMessageIsSent) {
  plan.hello_verb = smtp::Verb::ehlo;
  connect_for_the_first();
  says("554 5.3.2 no mail here\r\n");
  says("250 x\r\n");
  session->send(0, client->out);
  client->send();
  lose();
  EXPECT_EQ(told().outcome(), DeliveryOutcome::lost);
  EXPECT_EQ(reply(), "");
}

TEST_F(DeliveryRecordTest, FiftyThousandRecipientsFitAndLongRepliesAreCut) {
  connect("250 x\r\n", {50'000});
  send(0);
  says("250 a\r\n");
  for (int place = 0; place < 50'000; ++place) {
    says("550 " + std::to_string(place) + std::string(1'000, 'x') + "\r\n");
  }
  says("354 go\r\n");
  says("250 \r\n");
  EXPECT_EQ(told().recipients.size(), 50'000U);
  EXPECT_EQ(told().outcome(), DeliveryOutcome::refused);
  EXPECT_EQ(reply_to(0), ("550 0" + std::string(1'000, 'x')).substr(0, Delivery::kReplyLimit));
  EXPECT_EQ(reply_to(49'999), "") << "the texts of all are bounded";
  EXPECT_EQ(told().recipients[49'999].reply.code, 550);
}

}  // namespace
}  // namespace millrace::source
