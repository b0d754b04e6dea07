#include "proof/journal_record.h"

#include <gtest/gtest.h>

#include "base/roll.h"

namespace millrace::proof {
namespace {

using namespace std::chrono_literals;

bool same(const SentRecord& one, const SentRecord& other) {
  return one.message == other.message && one.recipient == other.recipient &&
         one.kind == other.kind && one.domain == other.domain && one.outcome == other.outcome &&
         one.code == other.code && one.due == other.due && one.sent == other.sent &&
         one.acknowledged == other.acknowledged;
}

bool same(const TakenRecord& one, const TakenRecord& other) {
  return one.message == other.message && one.recipient == other.recipient && one.run == other.run &&
         one.taken == other.taken && one.verdict == other.verdict && one.bounced == other.bounced &&
         one.listener == other.listener;
}

TEST(JournalRecord, OfASourceComesBackAsItWas) {
  Roll roll(1);
  for (int round = 0; round < 10'000; ++round) {
    const Micros sent{static_cast<std::int64_t>(roll.below(std::uint64_t{1} << 48U))};
    const SentRecord record{
        .message = roll.below(kMostMessages),
        .recipient = static_cast<std::uint16_t>(roll.below(kMostRecipients)),
        .kind = static_cast<std::uint8_t>(roll.below(256)),
        .domain = static_cast<std::uint16_t>(roll.below(65'536)),
        .outcome = static_cast<SentOutcome>(roll.below(kSentOutcomes)),
        .code = static_cast<std::uint16_t>(roll.below(1'000)),
        .due = sent - Micros{static_cast<std::int64_t>(roll.below(524'288))},
        .sent = sent,
        .acknowledged = sent + Micros{static_cast<std::int64_t>(roll.below(524'288))}};
    const TextOf text = static_cast<TextOf>(roll.below(kTextsOf));
    const auto back = unpack(pack(record, text));
    ASSERT_TRUE(back && same(*back, record)) << round;
    ASSERT_EQ(text_of(pack(record, text)), text);
  }
}

TEST(JournalRecord, OfASinkComesBackAsItWas) {
  Roll roll(2);
  for (int round = 0; round < 10'000; ++round) {
    const TakenRecord record{
        .message = roll.below(kMostMessages),
        .recipient = static_cast<std::uint16_t>(roll.below(65'536)),
        .run = static_cast<std::uint8_t>(roll.below(256)),
        .taken = Micros{static_cast<std::int64_t>(roll.below(std::uint64_t{1} << 48U))},
        .verdict = static_cast<TakenVerdict>(roll.below(kTakenVerdicts)),
        .bounced = roll.below(2) == 1,
        .listener = static_cast<std::uint8_t>(roll.below(256))};
    const TextOf text = static_cast<TextOf>(roll.below(kTextsOf));
    const auto back = unpack(pack(record, text));
    ASSERT_TRUE(back && same(*back, record)) << round;
    ASSERT_EQ(text_of(pack(record, text)), text);
  }
}

TEST(JournalRecord, KeepsLongSpansToFourInAMillion) {
  for (const Micros span : {Micros{524'287}, Micros{524'288}, Micros{1s}, Micros{3'599'999'999},
                            Micros{100h}, Micros{24h * 365}}) {
    const SentRecord record{.due = Micros{0}, .sent = span, .acknowledged = 2 * span};
    const auto back = unpack(pack(record, TextOf::none));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->sent, span);
    EXPECT_LE(back->acknowledged, 2 * span);
    EXPECT_LE((2 * span - back->acknowledged).count(), span.count() / 250'000) << span.count();
    EXPECT_LE(back->due.count(), span.count() / 250'000);
  }
}

TEST(JournalRecord, WhatHasNoRoomIsBroughtToTheNearest) {
  const auto back = unpack(
      pack(SentRecord{.code = 5'000, .due = 5us, .sent = 3us, .acknowledged = 1us}, TextOf::none));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->code, 1'023);
  EXPECT_EQ(back->due, 3us);
  EXPECT_EQ(back->acknowledged, 3us);
  EXPECT_EQ(unpack(pack(TakenRecord{.taken = Micros{-1}}, TextOf::none))->taken, 0us);
  EXPECT_EQ(unpack(pack(TakenRecord{.taken = 2 * kMostTime}, TextOf::none))->taken, kMostTime);
}

TEST(JournalRecord, ValuesThatNoneCanHaveAreRefused) {
  const std::uint64_t one = 1;
  const PackedSent sent = pack(SentRecord{}, TextOf::none);
  EXPECT_TRUE(unpack(sent));
  EXPECT_FALSE(unpack(PackedSent{.which = sent.which, .when = sent.when, .rest = one << 63U}));
  EXPECT_FALSE(
      unpack(PackedSent{.which = sent.which, .when = sent.when, .rest = one << 60U}));  // outcome
  EXPECT_FALSE(unpack(PackedSent{.which = sent.which, .when = sent.when, .rest = 3 * one << 61U}));
  EXPECT_FALSE(
      unpack(PackedSent{.which = 0xffff * one << 40U, .when = sent.when, .rest = sent.rest}));
  const PackedTaken taken = pack(TakenRecord{}, TextOf::none);
  EXPECT_TRUE(unpack(taken));
  EXPECT_FALSE(unpack(PackedTaken{.which = taken.which, .when = one << 63U}));
  EXPECT_FALSE(unpack(PackedTaken{.which = taken.which, .when = one * kTakenVerdicts << 56U}));
  EXPECT_FALSE(unpack(PackedTaken{.which = taken.which, .when = 3 * one << 61U}));
}

}  // namespace
}  // namespace millrace::proof
