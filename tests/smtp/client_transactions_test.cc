// A client's transactions against servers that refuse in every order.
#include "smtp/client_transactions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/sanitizer.h"
#include "model_server.h"
#include "output_text.h"

namespace millrace::smtp {
namespace {

using test::ModelServer;
using test::NumberedMessages;
using test::ServerHabits;

// Says yes or no, as it was told, then yes; remembers what it said. Going through all it might be
// told: every order of so many refusals.
class Oracle {
 public:
  bool no() {
    if (asked_ == said_.size()) said_.push_back(false);
    return said_[asked_++];
  }
  // Turns to the next order with at most `most` refusals; false when there is none left.
  bool next(int most) {
    asked_ = 0;
    for (; !said_.empty(); said_.pop_back()) {
      if (!said_.back() && std::count(said_.begin(), said_.end(), true) < most) {
        said_.back() = true;
        return true;
      }
    }
    return false;
  }

 private:
  std::vector<bool> said_;
  std::size_t asked_ = 0;
};

struct Told final : ClientObserver {
  void replied(const PendingCommand&, const Reply&, Outcome outcome) override {
    refusals += outcome == Outcome::refused ? 1 : 0;
  }
  void message_sent(std::uint64_t message) override { ++sent[message]; }
  void message_over(std::uint64_t message, std::size_t recipients) override {
    ++over[message];
    taken[message] = recipients;
  }

  int refusals = 0;
  std::map<std::uint64_t, int> sent;
  std::map<std::uint64_t, int> over;
  std::map<std::uint64_t, std::size_t> taken;
};

struct Setting {
  ServerHabits habits;
  bool pipelining = false;
  bool xforward = false;
  std::size_t window = 1;
  std::uint64_t chunk_size = 0;
  bool chunking = false;
  std::vector<std::size_t> recipients = {1};  // of the messages in turn
  std::uint64_t messages = 3;
  Capabilities capabilities;

  [[nodiscard]] std::string text() const {
    std::string numbers;
    for (const std::size_t number : recipients) numbers += " " + std::to_string(number);
    return "lmtp " + std::to_string(habits.lmtp) + " hollow " +
           std::to_string(static_cast<int>(habits.hollow)) + " refused end closes " +
           std::to_string(habits.refused_end_closes) + " spoilt ends " +
           std::to_string(habits.spoilt_ends_at_last) + " content for nobody " +
           std::to_string(habits.content_for_nobody) + " pipelining " + std::to_string(pipelining) +
           " window " + std::to_string(window) + " chunking " + std::to_string(chunking) +
           " chunk " + std::to_string(chunk_size) + " recipients" + numbers + " RCPTMAX " +
           std::to_string(capabilities.recipient_limit) + " MAILMAX " +
           std::to_string(capabilities.mail_limit);
  }
};

// How many messages the server lets a session have: as long as there is room for any of them.
std::uint64_t possible(const Setting& setting, const NumberedMessages& messages) {
  const std::uint64_t limit = setting.capabilities.recipient_limit;
  const auto parts = [&](std::size_t recipients) {
    return limit == 0 ? 1 : (recipients + limit - 1) / limit;
  };
  std::uint64_t mails = setting.capabilities.mail_limit;
  if (mails == 0) return setting.messages;
  std::uint64_t sent = 0;
  while (sent < setting.messages && mails >= parts(messages.most_recipients())) {
    mails -= parts(messages.recipients(sent++));
  }
  return sent;
}

// Sends the messages and takes what the server answers, a reply at a time.
void play(const Setting& setting, const std::function<bool()>& refuses) {
  ClientPlan plan;
  plan.hello_verb = setting.habits.lmtp ? Verb::lhlo : Verb::ehlo;
  plan.window = setting.window;
  plan.chunk_size = setting.chunk_size;
  if (setting.pipelining) plan.wanted.add(Extension::pipelining);
  if (setting.chunking) plan.wanted.add(Extension::chunking);
  if (setting.xforward) plan.wanted.add(Extension::xforward);
  const NumberedMessages messages(setting.recipients);
  Told told;
  int noes = 0;
  ModelServer server(setting.habits, [&] {
    const bool no = refuses();
    noes += no ? 1 : 0;
    return no;
  });
  ClientTransactions client(plan, messages, told);
  client.open(plan.wanted, setting.capabilities);
  Output out;
  std::uint64_t sent = 0;
  const auto send = [&] {
    while (client.may_send() && sent < setting.messages) {
      const std::size_t before = out.flattened().size();
      client.send(sent++, out);
      EXPECT_GT(out.flattened().size(), before) << "it waits though it might have been sent";
      EXPECT_LE(sent - told.over.size(), setting.window);
    }
    server.read(test::take(out));
  };
  send();
  for (int replies = 0; !client.idle(); ++replies) {
    ASSERT_LT(replies, 500);
    ASSERT_GT(client.outstanding(), 0U);
    ASSERT_FALSE(server.answers.empty()) << "a reply is awaited that does not come";
    const ModelServer::Answer answer = server.answers.front();
    server.answers.pop_front();
    ASSERT_EQ(keyword(client.pending_command().verb), keyword(answer.verb))
        << "replies have shifted";
    const std::string text = std::to_string(answer.code) + " x";
    const Reply reply{.code = answer.code, .text = text};
    const Outcome outcome = client.judge(reply);
    told.replied(client.pending_command(), reply, outcome);
    const std::size_t mails = server.mails;
    client.take_reply(reply, outcome, out);
    send();
    if (server.mails > mails) {
      ASSERT_FALSE(told.over.contains(server.last_mail)) << "sent on after it was over";
    }
    if (setting.capabilities.mail_limit > 0) {
      ASSERT_LE(server.mails, setting.capabilities.mail_limit);
    }
  }
  ASSERT_TRUE(server.answers.empty()) << "a reply comes that nobody awaits";
  ASSERT_EQ(client.outstanding(), 0U);
  ASSERT_TRUE(sent == setting.messages || client.exhausted());
  if (noes == 0) {
    ASSERT_EQ(sent, possible(setting, messages));
  }
  ASSERT_TRUE(server.strays.empty());
  for (std::uint64_t message = 0; message < sent; ++message) {
    ASSERT_EQ(told.over[message], 1) << message;
    ASSERT_LE(told.sent[message], 1) << message;
    std::size_t taken = 0;
    for (std::size_t recipient = 0; recipient < messages.recipients(message); ++recipient) {
      const int deliveries = server.deliveries[{message, recipient}];
      ASSERT_LE(deliveries, 1) << message << " to " << recipient;
      // Nobody is passed over without having been refused; a client that waits for the reply to
      // MAIL names no recipient after a no.
      ASSERT_TRUE(deliveries == 1 || server.refused.contains({message, recipient}) ||
                  (!setting.pipelining && server.refused_senders.contains(message)))
          << message << " to " << recipient;
      taken += deliveries == 1 ? 1 : 0;
    }
    ASSERT_EQ(told.taken[message], taken) << message;
    if (taken > 0) {
      ASSERT_EQ(told.sent[message], 1) << message;
    }
  }
  ASSERT_EQ(told.refusals > 0, noes > 0);
  ASSERT_LE(told.refusals, noes) << "what follows from a refusal is told as another";
}

std::vector<ServerHabits> all_habits() {
  std::vector<ServerHabits> all;
  using Hollow = ServerHabits::Hollow;
  for (unsigned bits = 0; bits < 32; ++bits) {
    for (const Hollow hollow : {Hollow::closed, Hollow::open, Hollow::answered}) {
      all.push_back({.lmtp = (bits & 1) != 0,
                     .hollow = hollow,
                     .refused_end_closes = (bits & 2) != 0,
                     .spoilt_ends_at_last = (bits & 4) != 0,
                     .content_for_nobody = (bits & 8) != 0,
                     .spoilt_code = (bits & 16) != 0 ? 552 : 503});
    }
  }
  return all;
}

// Sanitizers look at how memory is used, which is the same in most of these: they see every eighth.
constexpr std::size_t kStep = kSanitized ? 8 : 1;

// Every place of two refusals.
void refuse_twice_everywhere(const std::vector<std::size_t>& recipients, std::uint64_t messages) {
  const std::vector<ServerHabits> all = all_habits();
  for (std::size_t i = 0; i < all.size(); i += kStep) {
    const ServerHabits& habits = all[(i + i / kStep % kStep) % all.size()];
    for (const bool chunking : {false, true}) {
      for (const std::uint64_t chunk_size : {0U, 5U}) {
        if (!chunking && (chunk_size > 0 || habits.hollow != ServerHabits::Hollow::closed))
          continue;
        Setting setting{.habits = habits,
                        .pipelining = true,
                        .window = 4,
                        .chunk_size = chunk_size,
                        .chunking = chunking,
                        .recipients = recipients,
                        .messages = messages};
        setting.capabilities.recipient_limit = 2;
        Oracle oracle;
        do {
          play(setting, [&] { return oracle.no(); });
          ASSERT_FALSE(testing::Test::HasFailure()) << setting.text();
        } while (oracle.next(2));
      }
    }
  }
}

// A message has three parts, which with the next one's share a window.
TEST(ClientTransactions, DealsWithEachRecipientOnceWhereverTwoRefusalsAre) {
  refuse_twice_everywhere({5}, 2);
}

// One part, three and one.
TEST(ClientTransactions, DealsWithMessagesOfManyRecipientsAndOfFewSideBySide) {
  refuse_twice_everywhere({1, 5, 2}, 3);
}

// A server that passes over a chunk which it has refused, and takes the message all the same.
TEST(ClientTransactions, ExpectsAReplyARecipientWhereTheLastChunkIsTaken) {
  ClientPlan plan;
  plan.hello_verb = Verb::lhlo;
  plan.wanted = {Extension::pipelining, Extension::chunking};
  plan.chunk_size = 5;
  const NumberedMessages messages({2});
  Told told;
  ClientTransactions client(plan, messages, told);
  client.open(plan.wanted, {});
  Output out;
  client.send(0, out);
  for (const int code : {250, 250, 250, 552, 250, 250}) {
    EXPECT_TRUE(told.over.empty());
    const Reply reply{.code = code, .text = ""};
    client.take_reply(reply, client.judge(reply), out);
  }
  EXPECT_EQ(told.taken[0], 2U);
  EXPECT_EQ(client.outstanding(), 0U);
}

TEST(ClientTransactions, DealsWithEachRecipientOnceWhateverTheServerRefuses) {
  const std::vector<ServerHabits> habits = all_habits();
  std::mt19937 random(8);
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  for (int run = 0; run < 40'000 / static_cast<int>(kStep); ++run) {
    Setting setting{.habits = habits[below(static_cast<unsigned>(habits.size()))],
                    .pipelining = below(5) > 0,
                    .xforward = below(4) == 0,
                    .window = 1 + below(4),
                    .chunk_size = below(3) * 4,
                    .chunking = below(3) > 0,
                    .recipients = {1 + below(5), 1 + below(5), 1 + below(5)},
                    .messages = 1 + below(5)};
    setting.recipients.resize(1 + below(3));
    setting.capabilities.recipient_limit = below(4);
    setting.capabilities.mail_limit = below(2) * (5 + below(12));
    const unsigned tenths = below(8);
    play(setting, [&] { return below(10) < tenths; });
    ASSERT_FALSE(testing::Test::HasFailure()) << run << ": " << setting.text();
  }
}

// Sends as many messages as may be sent, each answered before the next; returns how many.
std::uint64_t send_all(const std::vector<std::size_t>& recipients, std::uint64_t mail_limit) {
  ClientPlan plan;
  plan.hello_verb = Verb::ehlo;
  const NumberedMessages messages(recipients);
  Told told;
  ModelServer server({}, [] { return false; });
  ClientTransactions client(plan, messages, told);
  client.open({}, {.mail_limit = mail_limit, .recipient_limit = 2});
  Output out;
  std::uint64_t sent = 0;
  while (client.may_send()) {
    client.send(sent++, out);
    while (!client.idle()) {
      server.read(test::take(out));
      const Reply reply{.code = server.answers.front().code, .text = ""};
      server.answers.pop_front();
      client.take_reply(reply, client.judge(reply), out);
    }
    EXPECT_EQ(told.taken[sent - 1], messages.recipients(sent - 1));
  }
  EXPECT_TRUE(client.exhausted());
  EXPECT_LE(server.mails, mail_limit);
  return sent;
}

// A message is not begun where there might be no room for all of its parts: which one comes next
// is not known, so there must be room for the largest. What counts afterwards is its own number.
TEST(ClientTransactions, LeavesRoomForTheLargestMessageUnderMailmax) {
  EXPECT_EQ(send_all({1}, 5), 5U);
  EXPECT_EQ(send_all({5}, 5), 1U);
  EXPECT_EQ(send_all({5}, 6), 2U);
  EXPECT_EQ(send_all({5}, 2), 0U);
  EXPECT_EQ(send_all({1, 1, 1, 5}, 5), 3U);
  EXPECT_EQ(send_all({1, 1, 1, 5}, 6), 4U);
  EXPECT_EQ(send_all({1, 1, 1, 5}, 9), 5U);
  EXPECT_EQ(send_all({5, 1, 1, 1}, 8), 4U);
  EXPECT_EQ(send_all({5, 1, 1, 1}, 9), 5U);
}

}  // namespace
}  // namespace millrace::smtp
