#include "mail/scenario/mixed_workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mail/plain_kind.h"
#include "mail/scenario/distinct_recipients.h"
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
       .run = seed,
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

TEST(MixedWorkload, TheMessageThatIsNotAsciiSaysSo) {
  Kinds kinds{.kinds = {}, .weights = weights({1, 1})};
  kinds.kinds.push_back({.name = "ascii",
                         .kind = std::make_unique<PlainKind>(true, "", "a\r\n"),
                         .extra_headers = {}});
  kinds.kinds.push_back(
      {.name = "", .kind = std::make_unique<PlainKind>(true, "", "\xe4\r\n"), .extra_headers = {}});
  const MixedWorkload workload(
      {.seed = 7,
       .senders = OnlySender{.address = "a@b.test"},
       .recipients = NumberedRecipients("c@d.test", RecipientNumber::none, 1),
       .counts = {.counts = {Constant{1}}, .weights = weights({1})},
       .kinds = std::move(kinds)});
  const auto messages = workload.messages();
  std::map<bool, int> seen;
  for (std::uint64_t n = 0; n < 50; ++n) {
    Output out;
    messages->append_mail(n, {smtp::Extension::eight_bit_mime}, out);
    const bool ascii = messages->kind(n) == "ascii";
    ++seen[ascii];
    EXPECT_EQ(test::take(out),
              ascii ? "MAIL FROM:<a@b.test>\r\n" : "MAIL FROM:<a@b.test> BODY=8BITMIME\r\n");
    messages->append_mail(n, {}, out);
    EXPECT_EQ(test::take(out), "MAIL FROM:<a@b.test>\r\n");
  }
  EXPECT_EQ(seen.size(), 2U);
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
    // The content is that of its own message, not what the session was asked for before.
    Output alone;
    workload.messages()->append_content(n + 1, alone);
    EXPECT_TRUE(text.ends_with(test::take(alone))) << text;
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
    EXPECT_NE(text.find("From: " +
                        (sender.empty() ? "Mail Delivery System <postmaster@h.test>"
                                        : "<" + sender + ">") +
                        "\r\n"),
              std::string::npos)
        << text;
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

TEST(RecipientCounts, AreNeverAboveTheLimit) {
  const RecipientCounts counts{.counts = {Pareto{10, 0.5}}, .weights = weights({1}), .limit = 40};
  EXPECT_EQ(counts.most(), 40U);
  Roll roll(1);
  std::size_t most = 0;
  for (int drawn = 0; drawn < 1'000; ++drawn) most = std::max(most, counts.draw(roll));
  EXPECT_EQ(most, 40U);
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

TEST(MixedWorkload, AKindMayHaveItsOwnRecipients) {
  std::vector<std::string> mistakes;
  const auto people =
      std::make_shared<const Csv>("name,email\nAnn, ann@a.test\nBob,bob@b.test \n", "people.csv");
  Kinds kinds{.kinds = {}, .weights = weights({1, 1})};
  kinds.kinds.push_back({.name = "merge",
                         .kind = std::make_unique<PlainKind>(true, "", "a\r\n"),
                         .extra_headers = {},
                         .recipients = RowRecipients::of(people, "email", mistakes)});
  kinds.kinds.push_back({.name = "other",
                         .kind = std::make_unique<PlainKind>(true, "", "a\r\n"),
                         .extra_headers = {}});
  const MixedWorkload workload({.seed = 3,
                                .senders = OnlySender{},
                                .recipients = NumberedRecipients("c@d", RecipientNumber::none, 2),
                                .counts = {.counts = {Constant{2}}, .weights = weights({1})},
                                .kinds = std::move(kinds)});
  const auto messages = workload.messages();
  for (std::uint64_t n = 0; n < 40; ++n) {
    const bool own = messages->kind(n) == "merge";
    ASSERT_EQ(messages->recipients(n), own ? 1U : 2U);
    Output out;
    messages->append_rcpt(n, 0, {}, out);
    EXPECT_EQ(test::take(out), !own         ? "RCPT TO:<c@d>\r\n"
                               : n % 2 == 0 ? "RCPT TO:<ann@a.test>\r\n"
                                            : "RCPT TO:<bob@b.test>\r\n");
  }
}

// Messages of as many recipients as `count` says, of these.
MixedWorkload for_recipients(Recipients recipients, Distribution count) {
  Kinds kinds{.kinds = {}, .weights = weights({1})};
  kinds.kinds.push_back(
      {.name = "", .kind = std::make_unique<PlainKind>(true, "", "a\r\n"), .extra_headers = {}});
  return MixedWorkload({.seed = 3,
                        .senders = OnlySender{},
                        .recipients = std::move(recipients),
                        .counts = {.counts = {count}, .weights = weights({1})},
                        .kinds = std::move(kinds)});
}

// As they go out.
std::vector<std::string> rcpts(const smtp::MessageSource& messages, std::uint64_t message) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < messages.recipients(message); ++i) {
    Output out;
    messages.append_rcpt(message, i, {}, out);
    all.push_back(test::take(out));
  }
  return all;
}

TEST(MixedWorkload, NoMessageHasARecipientTwiceWhereThereAreEnough) {
  for (const double count : {1.0, 2.0, 9.0, 12.0, 14.0}) {
    const MixedWorkload workload = for_recipients(
        {MailboxesByPart{
            .local_parts = patterns({{"r{1-6}"}}, AddressPart::local_part),
            .domains = patterns({{"big.test", 5}, {"small.test", 1}}, AddressPart::domain)}},
        Constant{count});
    const auto messages = workload.messages();
    for (std::uint64_t n = 0; n < 100; ++n) {
      const std::vector<std::string> all = rcpts(*messages, n);
      ASSERT_EQ(all.size(), static_cast<std::size_t>(count));
      EXPECT_EQ(std::set(all.begin(), all.end()).size(), std::min<std::size_t>(all.size(), 12));
    }
  }
}

TEST(MixedWorkload, ARecipientIsTheSameWhicheverIsAskedForFirst) {
  const MixedWorkload workload =
      for_recipients({patterns({{"r{1-40}@a.test"}}, AddressPart::mailbox)}, Uniform{1, 40});
  const auto messages = workload.messages();
  const auto others = workload.messages();
  for (std::uint64_t n = 0; n < 50; ++n) {
    const std::vector<std::string> all = rcpts(*messages, n);
    for (std::size_t i = all.size(); i-- > 0;) {
      Output out;
      others->append_rcpt(n, i, {}, out);
      EXPECT_EQ(test::take(out), all[i]);
      others->append_rcpt(n + 1, 0, {}, out);
      std::string address;
      workload.append_recipient(n, i, address);
      EXPECT_EQ("RCPT TO:<" + address + ">\r\n", all[i]);
    }
  }
}

// A pool may be a single address, or have it many times.
TEST(MixedWorkload, ASmallPoolIsNotDrawnFromForEver) {
  for (const char* const pool : {"r@a.test", "r{1-3}@a.test"}) {
    const MixedWorkload workload =
        for_recipients({patterns({{pool}, {pool}}, AddressPart::mailbox)}, Constant{5'000});
    const std::vector<std::string> all = rcpts(*workload.messages(), 0);
    EXPECT_EQ(all.size(), 5'000U);
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), *pool == 'r' && pool[1] == '{' ? 3U : 1U);
  }
}

// Of any two messages, and of two runs.
// What has hardly a chance is not looked for until it is found, which would be a thousand draws for
// each message: a hundred and some find it in 6 of 100 messages, a thousand in 40.
TEST(MixedWorkload, WhatHasHardlyAChanceIsSoonGivenUp) {
  const Recipients pool{
      .addresses = patterns({{"often@a.test", 1'999}, {"hardly@a.test", 1}}, AddressPart::mailbox)};
  DistinctRecipients recipients;
  int found = 0;
  for (std::uint64_t message = 0; message < 1'000; ++message) {
    recipients.begin(pool, message * 1'000, 2);
    const std::string first(recipients[0]);
    if (recipients[1] != first) ++found;
  }
  EXPECT_GT(found, 20);
  EXPECT_LT(found, 150);
}

TEST(MixedWorkload, MessageIdsAreOfOneMessageAlone) {
  std::set<std::string> seen;
  std::size_t asked = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const MixedWorkload workload = mix(seed);
    for (const std::uint64_t high : {0ULL, 1ULL, 2ULL, 1ULL << 16U, 1ULL << 32U}) {
      for (const std::uint64_t low : {0U, 1U, 16U, 0xffffU}) {
        std::string text;
        workload.append_message_id((high << 16U) + low, text);
        EXPECT_TRUE(seen.insert(text).second) << text;
        ++asked;
      }
    }
  }
  EXPECT_EQ(seen.size(), asked);
}

// Whose content has a size goes on with what is left of it.
TEST(MixedWorkload, MessageIdsOfTwoRunsAreOfOneLength) {
  const auto length = [](std::uint64_t run) {
    std::string text;
    mix(run).append_message_id(17, text);
    return text.size();
  };
  EXPECT_EQ(length(0), length(0xffff'ffff'ffff));
}

TEST(MixedWorkload, TheOnlySenderIsLeftOutByItsShare) {
  const auto nulls = [](double share) {
    Kinds kinds{.kinds = {}, .weights = weights({1})};
    kinds.kinds.push_back({.name = "", .kind = std::make_unique<PlainKind>(true, "", "")});
    const MixedWorkload workload(
        {.senders = OnlySender{.address = "u@a.test", .null_share = share},
         .recipients = NumberedRecipients("r@b.test", RecipientNumber::none, 1),
         .counts = {.counts = {Constant{1}}, .weights = weights({1})},
         .kinds = std::move(kinds)});
    int found = 0;
    for (std::uint64_t n = 0; n < 2'000; ++n) {
      std::string sender;
      workload.append_sender(n, sender);
      EXPECT_TRUE(sender.empty() || sender == "u@a.test") << sender;
      found += sender.empty() ? 1 : 0;
    }
    return found;
  };
  EXPECT_EQ(nulls(0), 0);
  EXPECT_NEAR(nulls(0.1), 200, 65);
  EXPECT_EQ(nulls(1), 2'000);
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
