#include "mail/scenario/mixed_workload.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "mail/plain_kind.h"
#include "output_text.h"

namespace millrace::mail {
namespace {

template <typename Made>
Made made(std::optional<Made> made) {
  return std::move(*made);
}

AddressSource patterns(std::vector<WeightedPattern> patterns, AddressPart part) {
  std::string why;
  return made(AddressSource::of_patterns(patterns, part, why));
}

Weights weights(std::vector<double> of) {
  std::string why;
  return made(Weights::make(of, why));
}

MixedWorkload mix(std::uint64_t seed) {
  Kinds kinds{.kinds = {}, .weights = weights({3, 1})};
  kinds.kinds.push_back({.name = "plain",
                         .kind = std::make_unique<PlainKind>(true, "hello", ".a\r\n"),
                         .extra_headers = "X-A: b\r\n"});
  kinds.kinds.push_back(
      {.name = "bare", .kind = std::make_unique<PlainKind>(false, "", "A: b\r\n\r\nc\r\n")});
  return MixedWorkload(
      {.seed = seed,
       .senders = Senders{.addresses = patterns({{"u{1-1000}@a.test"}}, AddressPart::mailbox),
                          .null_share = 0.25},
       .recipients =
           Recipients{.addresses =
                          MailboxesByPart{
                              .local_parts = patterns({{"r{1-1000}"}}, AddressPart::local_part),
                              .domains = patterns({{"big.test", 3}, {"small{1-9}.test", 1}},
                                                  AddressPart::domain)}},
       .counts = {.counts = {Constant{1}, Uniform{2, 5}}, .weights = weights({1, 1})},
       .kinds = std::move(kinds),
       .host_name = "h.test",
       .date = "Thu, 1 Jan 2026 00:00:00 +0000"});
}

// All of a message: what is said of it, and how it goes out.
std::string whole(const MixedWorkload& workload, std::uint64_t message) {
  const auto messages = workload.messages();
  Output out;
  messages->append_mail(message, {smtp::Extension::size}, out);
  for (std::size_t i = 0; i < messages->recipients(message); ++i) {
    messages->append_rcpt(message, i, {}, out);
  }
  messages->append_content(message, out);
  return test::take(out);
}

TEST(MixedWorkload, AMessageIsAFunctionOfSeedAndNumber) {
  const MixedWorkload one = mix(7);
  const MixedWorkload same = mix(7);
  const MixedWorkload other = mix(8);
  std::set<std::string> all;
  for (std::uint64_t n = 0; n < 200; ++n) {
    EXPECT_EQ(whole(one, n), whole(same, n));
    EXPECT_NE(whole(one, n), whole(other, n));
    all.insert(whole(one, n));
  }
  EXPECT_EQ(all.size(), 200U);
}

TEST(MixedWorkload, KnowsWhatItsMessagesDifferIn) {
  const MixedWorkload all = mix(7);
  EXPECT_TRUE(all.variety().kinds && all.variety().domains && all.variety().senders);
  const auto messages = all.messages();
  for (std::uint64_t n = 0; n < 20; ++n) EXPECT_EQ(all.kind_name(n), messages->kind(n));

  const auto one_kind = [](double null_share) {
    Kinds kinds{.kinds = {}, .weights = weights({1})};
    kinds.kinds.push_back({.kind = std::make_unique<PlainKind>(true, "", "")});
    return MixedWorkload({.senders = OnlySender{.address = "a@b.test", .null_share = null_share},
                          .recipients = NumberedRecipients("c@d.test", RecipientNumber::none, 1),
                          .counts = {.counts = {Constant{1}}, .weights = weights({1})},
                          .kinds = std::move(kinds)});
  };
  const Workload::Variety none = one_kind(0).variety();
  EXPECT_FALSE(none.kinds || none.domains || none.senders);
  EXPECT_TRUE(one_kind(0.5).variety().senders);
}

// A session asks for several at once, and again after a loss.
TEST(MixedWorkload, OrderMeansNothing) {
  const MixedWorkload workload = mix(1);
  const auto messages = workload.messages();
  std::map<std::uint64_t, std::string> seen;
  for (const std::uint64_t n : {5U, 6U, 5U, 900U, 6U, 0U, 5U}) {
    Output out;
    messages->append_mail(n, {smtp::Extension::size}, out);
    messages->append_mail(n + 1, {smtp::Extension::size}, out);
    messages->append_chunk(n, 0, messages->content_size(n), out);
    messages->append_rcpt(n, 0, {}, out);
    messages->append_content(n + 1, out);
    const std::string text = test::take(out);
    const auto [place, fresh] = seen.try_emplace(n, text);
    if (!fresh) {
      EXPECT_EQ(place->second, text);
    }
  }
}

TEST(MixedWorkload, SaysInTheEnvelopeWhatTheMessageSays) {
  const MixedWorkload workload = mix(3);
  for (std::uint64_t n = 0; n < 100; ++n) {
    if (workload.kind(n) != 0) continue;
    std::string sender;
    std::string recipient;
    std::string message_id;
    workload.append_sender(n, sender);
    workload.append_recipient(n, 0, recipient);
    workload.append_message_id(n, message_id);
    const auto messages = workload.messages();
    Output out;
    messages->append_mail(n, {}, out);
    EXPECT_EQ(test::take(out), "MAIL FROM:<" + sender + ">\r\n");
    messages->append_rcpt(n, 0, {}, out);
    EXPECT_EQ(test::take(out), "RCPT TO:<" + recipient + ">\r\n");
    messages->append_chunk(n, 0, messages->content_size(n), out);
    const std::string text = test::take(out);
    EXPECT_EQ(text.size(), messages->content_size(n));
    EXPECT_NE(text.find("To: <" + recipient + ">\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find(message_id), std::string::npos) << text;
    EXPECT_NE(text.find("\r\nX-A: b\r\n\r\n.a\r\n"), std::string::npos) << text;
    messages->append_content(n, out);
    EXPECT_NE(test::take(out).find("\r\n\r\n..a\r\n.\r\n"), std::string::npos);
  }
}

TEST(MixedWorkload, DrawsByWeights) {
  const MixedWorkload workload = mix(11);
  constexpr std::uint64_t kMessages = 20'000;
  std::uint64_t bare = 0;
  std::uint64_t null = 0;
  std::uint64_t single = 0;
  std::uint64_t recipients = 0;
  std::uint64_t big = 0;
  for (std::uint64_t n = 0; n < kMessages; ++n) {
    bare += workload.kind(n);
    std::string sender;
    workload.append_sender(n, sender);
    null += sender.empty() ? 1 : 0;
    const std::size_t count = workload.recipients(n);
    ASSERT_GE(count, 1U);
    ASSERT_LE(count, workload.most_recipients());
    single += count == 1 ? 1 : 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::string recipient;
      workload.append_recipient(n, i, recipient);
      big += recipient.ends_with("@big.test") ? 1 : 0;
      ++recipients;
    }
  }
  // Five deviations of a share p among N: below 5 * sqrt(p (1 - p) / N), here 0.018.
  const auto near = [](std::uint64_t count, std::uint64_t of, double share) {
    EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(of), share, 0.018);
  };
  near(bare, kMessages, 0.25);
  near(null, kMessages, 0.25);
  near(single, kMessages, 0.5);
  near(big, recipients, 0.75);
  EXPECT_EQ(workload.most_recipients(), 5U);
}

// Else all recipients of a message would be in one place, or the kind would tell the sender.
TEST(MixedWorkload, WhatIsDrawnIsDrawnByItself) {
  const MixedWorkload workload = mix(5);
  int same = 0;
  std::map<std::size_t, int> null_of_kind;
  for (std::uint64_t n = 0; n < 2'000; ++n) {
    std::string sender;
    workload.append_sender(n, sender);
    if (sender.empty()) ++null_of_kind[workload.kind(n)];
    std::string one;
    std::string other;
    workload.append_recipient(n, 0, one);
    workload.append_recipient(n, 1, other);
    same += one == other ? 1 : 0;
  }
  // One of a thousand at one of ten domains: some two by chance.
  EXPECT_LT(same, 15);
  EXPECT_NEAR(null_of_kind[0], 375, 80);
  EXPECT_NEAR(null_of_kind[1], 125, 50);
}

TEST(RecipientCounts, KnowTheMost) {
  EXPECT_EQ((RecipientCounts{.counts = {Constant{3}}, .weights = weights({1})}.most()), 3U);
  EXPECT_EQ(
      (RecipientCounts{.counts = {Uniform{2, 5}, Constant{7}}, .weights = weights({1, 1})}.most()),
      7U);
  EXPECT_EQ((RecipientCounts{.counts = {Geometric{2}}, .weights = weights({1})}.most()), 100'000U);
  const RecipientCounts none{.counts = {Constant{0}}, .weights = weights({1})};
  Roll roll(1);
  EXPECT_EQ(none.draw(roll), 1U);
}

}  // namespace
}  // namespace millrace::mail
