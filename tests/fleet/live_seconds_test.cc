#include "fleet/live_seconds.h"

#include <gtest/gtest.h>

namespace millrace::fleet {
namespace {

metrics::Second second(std::uint64_t number, std::uint64_t delivered) {
  metrics::Second one{.number = number, .sessions_open = 10, .in_flight = 2, .waiting = 1};
  one.counters.delivered = delivered;
  one.errors.front() = 1;
  one.intended.record(std::chrono::microseconds(delivered));
  return one;
}

TEST(LiveSeconds, AddUpOverRanks) {
  LiveSeconds all;
  for (const std::uint64_t delivered : {1, 10, 100}) all.add(second(0, delivered));
  all.add(second(1, 1'000));
  EXPECT_FALSE(all.take(0));
  const auto sum = all.take(1);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->number, 0U);
  EXPECT_EQ(sum->counters.delivered, 111U);
  EXPECT_EQ(sum->errors.front(), 3U);
  EXPECT_EQ(sum->intended.count(), 3U);
  EXPECT_EQ(sum->sessions_open, 30U);
  EXPECT_EQ(sum->in_flight, 6U);
  EXPECT_EQ(sum->waiting, 3U);
  EXPECT_FALSE(all.take(1)) << "once";
}

TEST(LiveSeconds, CountWhatComesLateInTheNext) {
  LiveSeconds all;
  all.add(second(0, 1));
  all.take(1);
  all.add(second(0, 10));
  all.add(second(1, 100));
  const auto sum = all.take(2);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->counters.delivered, 110U);
  EXPECT_EQ(sum->sessions_open, 10U) << "those that are open now";
}

TEST(LiveSeconds, AreOneWhereSomeWerePassedOver) {
  LiveSeconds all;
  all.add(second(0, 1));
  all.add(second(1, 10));
  all.add(second(3, 100));
  const auto sum = all.take(3);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->number, 1U);
  EXPECT_EQ(sum->counters.delivered, 11U);
  EXPECT_EQ(sum->in_flight, 2U);
  EXPECT_EQ(all.take(4)->counters.delivered, 100U);
}

TEST(LiveSeconds, KeepFourApart) {
  LiveSeconds all;
  for (std::uint64_t number = 0; number < 4; ++number) all.add(second(number, 1));
  const auto first = all.take(1);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->number, 0U);
  EXPECT_EQ(first->counters.delivered, 1U);
}

TEST(LiveSeconds, LoseNothingWhereNobodyAsks) {
  LiveSeconds all;
  for (std::uint64_t number = 0; number < 1'000; ++number) all.add(second(number, 1));
  const auto sum = all.take(1'000);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->number, 999U);
  EXPECT_EQ(sum->counters.delivered, 1'000U);
  EXPECT_EQ(sum->sessions_open, 10U);
}

}  // namespace
}  // namespace millrace::fleet
