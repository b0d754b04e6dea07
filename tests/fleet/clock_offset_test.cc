#include "fleet/clock_offset.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace::fleet {
namespace {

using namespace std::chrono_literals;

TEST(ClockOffset, IsInTheMiddleOfAQuestionAndItsAnswer) {
  OffsetMeter meter;
  EXPECT_EQ(meter.offset(), std::nullopt);
  meter.take(1'000us, 51'100us, 1'200us);
  EXPECT_EQ(meter.offset(), (ClockOffset{.ahead = 50'000us, .error = 100us}));
}

TEST(ClockOffset, IsThatOfTheShortestRoundTrip) {
  OffsetMeter meter;
  meter.take(0us, 1'500us, 1'000us);
  meter.take(2'000us, 3'005us, 2'010us);
  meter.take(4'000us, 4'100us, 6'000us);
  EXPECT_EQ(meter.offset(), (ClockOffset{.ahead = 1'000us, .error = 5us}));
}

TEST(ClockOffset, OfAnOddRoundTripMayBeWrongByTheLargerHalf) {
  OffsetMeter meter;
  meter.take(0us, 0us, 3us);
  EXPECT_EQ(meter.offset(), (ClockOffset{.ahead = -1us, .error = 2us}));
}

TEST(ClockOffset, IsNotMeasuredWhileTheClockIsSet) {
  OffsetMeter meter;
  for (unsigned trip = 0; trip < 2 * OffsetMeter::kTrips; ++trip) meter.take(10us, 10us, 9us);
  EXPECT_EQ(meter.offset(), std::nullopt);
  EXPECT_FALSE(meter.done());
  meter.take(10us, 10us, 10us);
  EXPECT_TRUE(meter.done());
}

TEST(ClockOffset, TakesSoManyRoundTrips) {
  OffsetMeter meter;
  for (unsigned trip = 0; trip < OffsetMeter::kTrips; ++trip) {
    EXPECT_FALSE(meter.done());
    meter.take(0us, 0us, 1us);
  }
  EXPECT_TRUE(meter.done());
}

TEST(ClockOffset, IsNeverWrongByMoreThanItSays) {
  std::mt19937 random(1);
  std::uniform_int_distribution<Microseconds::rep> way(1, 30'000);
  std::uniform_int_distribution<Microseconds::rep> ahead(-5'000'000, 5'000'000);
  for (int run = 0; run < 1'000; ++run) {
    const Microseconds truth(ahead(random));
    OffsetMeter meter;
    for (Microseconds now = 1s; !meter.done();) {
      const Microseconds there = now + Microseconds(way(random));
      const Microseconds back = there + Microseconds(way(random));
      meter.take(now, there + truth, back);
      now = back;
    }
    ASSERT_LE(std::chrono::abs(meter.offset()->ahead - truth), meter.offset()->error);
  }
}

}  // namespace
}  // namespace millrace::fleet
