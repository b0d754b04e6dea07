// Every order of replies that a server may give to a window of transactions.
#include "smtp/client_transactions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <tuple>

#include "mail/message.h"
#include "output_text.h"

namespace millrace::smtp {
namespace {

constexpr std::size_t kMessages = 3;

struct Told final : ClientObserver {
  void replied(const Question&, const Reply&, Outcome outcome) override {
    refusals += outcome == Outcome::refused ? 1 : 0;
  }
  void message_sent(std::uint64_t message) override { ++sent.at(message); }
  void message_over(std::uint64_t message, std::size_t recipients) override {
    ++over.at(message);
    taken.at(message) = recipients;
  }

  int refusals = 0;
  std::array<int, kMessages> sent{};
  std::array<int, kMessages> over{};
  std::array<std::size_t, kMessages> taken{};
};

// A server that keeps to the rules of RFC 5321 and RFC 3030, and says no as the bits of a number
// tell it. It counts what it takes.
class Server {
 public:
  explicit Server(unsigned bits) : bits_(bits) {}

  std::string reply_to(Verb verb) {
    const bool no = (bits_ & 1) != 0;
    switch (verb) {
      case Verb::rset:
        open_ = false;
        return "250 ok";
      case Verb::mail:
        if (open_) return "503 nested";
        bits_ >>= 1;
        if (no) return "550 no";
        open_ = true;
        recipients_ = 0;
        return "250 ok";
      case Verb::rcpt:
        if (!open_) return "503 need MAIL";
        bits_ >>= 1;
        if (no) return "550 no";
        ++recipients_;
        return "250 ok";
      case Verb::data:
        if (!open_) return "503 need MAIL";
        bits_ >>= 1;
        // The second no is a server that asks for content all the same (RFC 2920, 3.1).
        if (recipients_ == 0 && no) return "554 no valid recipients";
        if (recipients_ > 0 && no) return "451 not now";
        return "354 go";
      case Verb::bdat:
        if (!open_ || recipients_ == 0) return "503 need RCPT";
        bits_ >>= 1;
        return end(no);
      default:
        bits_ >>= 1;
        return end(no || recipients_ == 0);
    }
  }

  int taken = 0;
  std::size_t recipients_taken = 0;

 private:
  std::string end(bool no) {
    // A refused BDAT leaves the transaction to be reset; the end of data closes it either way.
    open_ = false;
    if (no) return "552 no";
    ++taken;
    recipients_taken += recipients_;
    return "250 ok";
  }

  unsigned bits_;
  bool open_ = false;
  std::size_t recipients_ = 0;
};

using Parameter = std::tuple<bool, std::size_t>;  // chunking, window

class EveryOrder : public testing::TestWithParam<Parameter> {};
INSTANTIATE_TEST_SUITE_P(ClientTransactions, EveryOrder,
                         testing::Combine(testing::Bool(), testing::Values(0, 1, 2, 3)));

TEST_P(EveryOrder, EndsWithEachMessageDealtWithOnce) {
  const auto [chunking, window] = GetParam();
  ClientPlan plan;
  plan.hello_verb = Verb::ehlo;
  if (window > 0) plan.wanted.add(Extension::pipelining);
  if (chunking) plan.wanted.add(Extension::chunking);
  plan.window = std::max<std::size_t>(window, 1);
  const mail::MessageTemplate shared({.reverse_path = "a@b",
                                      .forward_path = "c@d",
                                      .recipients = 2,
                                      .headers = false,
                                      .body = "x\r\n"});
  const mail::SessionMessages messages(shared, 0);
  for (unsigned bits = 0; bits < 1U << 15; ++bits) {
    Told told;
    Server server(bits);
    ClientTransactions client(plan, messages, told);
    client.open(plan.wanted, {});
    Output out;
    std::uint64_t next = 0;
    const auto send = [&] {
      while (client.may_send() && next < kMessages) client.send(next++, out);
    };
    send();
    int replies = 0;
    for (; !client.idle(); send()) {
      ASSERT_GT(client.outstanding(), 0U) << bits;
      ASSERT_LT(++replies, 100) << bits;
      const std::string text = server.reply_to(client.question().verb);
      const Reply reply{.code = std::stoi(text), .text = text};
      told.replied(client.question(), reply, client.judge(reply));
      client.take_reply(reply, out);
    }
    ASSERT_EQ(client.outstanding(), 0U) << bits;
    ASSERT_EQ(next, kMessages) << bits;
    int sent = 0;
    for (std::size_t message = 0; message < kMessages; ++message) {
      ASSERT_EQ(told.over[message], 1) << bits;
      ASSERT_LE(told.sent[message], 1) << bits;
      sent += told.sent[message];
    }
    if (chunking) {
      ASSERT_EQ(sent, server.taken) << bits;
    } else {
      ASSERT_GE(sent, server.taken) << bits;
    }
    ASSERT_EQ(std::accumulate(told.taken.begin(), told.taken.end(), std::size_t{0}),
              server.recipients_taken)
        << bits;
    // No message is lost without a word.
    ASSERT_TRUE(server.taken == static_cast<int>(kMessages) || told.refusals > 0) << bits;
  }
}

}  // namespace
}  // namespace millrace::smtp
