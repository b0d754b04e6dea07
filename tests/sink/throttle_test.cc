#include "sink/throttle.h"

#include <gtest/gtest.h>

#include <chrono>

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;

// Who always takes what is allowed, and then waits for a slice.
std::uint64_t passed_in(std::uint64_t rate, Duration time) {
  Throttle throttle;
  std::uint64_t passed = 0;
  for (TimePoint now = TimePoint(1h); now < TimePoint(1h) + time; now += throttle.slice()) {
    const std::uint64_t allowed = throttle.allowed(rate, now);
    throttle.passed(allowed);
    passed += allowed;
  }
  return passed;
}

TEST(Throttle, LetsSoMuchThroughInATime) {
  EXPECT_EQ(passed_in(10'000, 10s), 100'000U);
  EXPECT_EQ(passed_in(1, 10s), 10U);
  EXPECT_NEAR(static_cast<double>(passed_in(15, 10s)), 150, 1);
  EXPECT_NEAR(static_cast<double>(passed_in(105, 10s)), 1'050, 1);
  EXPECT_NEAR(static_cast<double>(passed_in(3'000'000, 10s)), 30e6, 60e3);
}

TEST(Throttle, SavesNothingUp) {
  Throttle throttle;
  throttle.passed(throttle.allowed(1'000, TimePoint(1h)));
  EXPECT_EQ(throttle.allowed(1'000, TimePoint(2h)), 100U);
}

TEST(Throttle, HasNothingLeftWhereAllHasPassed) {
  Throttle throttle;
  throttle.passed(throttle.allowed(1'000, TimePoint(1h)));
  EXPECT_EQ(throttle.allowed(1'000, TimePoint(1h)), 0U);
  EXPECT_EQ(throttle.allowed(1'000, TimePoint(1h) + 50ms), 50U);
}

}  // namespace
}  // namespace millrace::sink
