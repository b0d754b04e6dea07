#include "source/shared_load.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using Number = std::optional<std::uint64_t>;

Load of(std::vector<Stage> schedule) {
  Load load;
  load.schedule = std::move(schedule);
  return load;
}

const Stage kSteady{.name = "steady", .from = 3, .to = 3};
const Stage kRamp{.name = "ramp", .length = 10s, .from = 0, .to = 3};

TEST(SharedLoad, EachSessionBeginsWithItsOwnNumberAndGoesOnWithTheNext) {
  SharedLoad load(of({kSteady}), 5, 3);
  EXPECT_EQ(load.first_message(2), Number(2));
  EXPECT_EQ(load.take_message(), Number(3));
  EXPECT_EQ(load.first_message(0), Number(0));
  EXPECT_FALSE(load.all_taken());
  EXPECT_EQ(load.take_message(), Number(4));
  EXPECT_TRUE(load.all_taken());
  EXPECT_EQ(load.take_message(), std::nullopt);
  EXPECT_EQ(load.first_message(1), Number(1));  // which was spoken for
}

TEST(SharedLoad, ThereIsNothingForASessionBeyondTheLastMessage) {
  SharedLoad load(of({kSteady}), 2, 3);
  EXPECT_EQ(load.first_message(1), Number(1));
  EXPECT_EQ(load.first_message(2), std::nullopt);
  EXPECT_EQ(load.take_message(), std::nullopt);
}

TEST(SharedLoad, NumbersCountFromTheFirst) {
  Load later = of({kSteady});
  later.first_message = 100;
  SharedLoad load(later, 3, 2);
  EXPECT_EQ(load.first_message(1), Number(101));
  EXPECT_EQ(load.first_message(3), std::nullopt);
  EXPECT_EQ(load.take_message(), Number(102));
  EXPECT_EQ(load.take_message(), std::nullopt);
  SharedLoad endless(later, std::numeric_limits<std::uint64_t>::max(), 2);
  EXPECT_EQ(endless.take_message(), Number(102));
  EXPECT_FALSE(endless.all_taken());
}

TEST(SharedLoad, OnARampWhoeverBeginsTakesTheNext) {
  SharedLoad load(of({kRamp}), 3, 3);
  EXPECT_TRUE(load.ramped());
  EXPECT_EQ(load.first_message(2), Number(0));
  EXPECT_EQ(load.first_message(0), Number(1));
  EXPECT_EQ(load.take_message(), Number(2));
  EXPECT_EQ(load.first_message(1), std::nullopt);
}

TEST(SharedLoad, IsRampedWhereTheNumberOfSessionsChanges) {
  Stage more = kSteady;
  more.from = more.to = 5;
  Stage first = kSteady;
  first.length = 1s;
  EXPECT_FALSE(SharedLoad(of({kSteady}), 1, 1).ramped());
  EXPECT_FALSE(SharedLoad(of({first, kSteady}), 1, 1).ramped());
  EXPECT_TRUE(SharedLoad(of({first, more}), 1, 1).ramped());
  Load arrivals = of({kRamp});
  arrivals.open_loop = true;  // the level is not one of sessions
  EXPECT_FALSE(SharedLoad(arrivals, 1, 1).ramped());
}

TEST(SharedLoad, EndsByTheClockWhereTheScheduleHasAnEnd) {
  const TimePoint start{1h};
  SharedLoad load(of({kRamp}), 3, 3);
  load.begin(start);
  EXPECT_EQ(load.start(), start);
  EXPECT_EQ(load.end(), start + 10s);
  EXPECT_FALSE(load.past_end(start + 10s - 1ns));
  EXPECT_TRUE(load.past_end(start + 10s));
  SharedLoad endless(of({kSteady}), 3, 3);
  endless.begin(start);
  EXPECT_EQ(endless.end(), TimePoint::max());
  EXPECT_FALSE(endless.past_end(start + 10'000h));
}

}  // namespace
}  // namespace millrace::source
