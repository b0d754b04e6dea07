#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "sink/rules/delay.h"
#include "sink/rules/dice.h"

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDraws = 100'000;

std::vector<Duration> draws(const Delay& delay) {
  Dice dice(2, "delays");
  std::vector<Duration> lengths;
  for (std::size_t count = 0; count < kDraws; ++count) {
    lengths.push_back(draw(delay, dice.roll(), {}));
  }
  std::sort(lengths.begin(), lengths.end());
  return lengths;
}

double milliseconds(Duration length) {
  return std::chrono::duration<double, std::milli>(length).count();
}

double mean(const std::vector<Duration>& lengths) {
  double sum = 0;
  for (const Duration length : lengths) sum += milliseconds(length);
  return sum / static_cast<double>(lengths.size());
}

// What so much of all is below; `lengths` are sorted.
double quantile(const std::vector<Duration>& lengths, double share) {
  return milliseconds(lengths[static_cast<std::size_t>(share * kDraws)]);
}

TEST(Draw, AFixedDelayIsItsLength) {
  EXPECT_EQ(draw(fixed(250ms), Roll(1), {}), 250ms);
  EXPECT_EQ(draw(fixed(2h), Roll(1), {}), 2h);
  EXPECT_EQ(draw(fixed(-1s), Roll(1), {}), 0s);
}

TEST(Draw, AUniformOneIsEvenlyBetweenItsEnds) {
  const auto lengths = draws(Uniform{ticks(1s), ticks(5s)});
  EXPECT_GE(lengths.front(), 1s);
  EXPECT_LE(lengths.back(), 5s);
  EXPECT_NEAR(mean(lengths), 3'000, 30);
  EXPECT_NEAR(quantile(lengths, 0.25), 2'000, 40);
  EXPECT_NEAR(quantile(lengths, 0.9), 4'600, 40);
}

TEST(Draw, AnExponentialOneHasItsMean) {
  const auto lengths = draws(Exponential{ticks(2s)});
  EXPECT_NEAR(mean(lengths), 2'000, 40);
  EXPECT_NEAR(quantile(lengths, 0.5), 1'386, 40);    // 2 ln 2
  EXPECT_NEAR(quantile(lengths, 0.99), 9'210, 300);  // 2 ln 100
}

TEST(Draw, ALognormalOneHasItsMedian) {
  const auto lengths = draws(Lognormal{ticks(800ms), 0.5});
  EXPECT_NEAR(quantile(lengths, 0.5), 800, 16);
  EXPECT_NEAR(mean(lengths), 906.5, 18);                // 800 exp(0.5^2 / 2)
  EXPECT_NEAR(quantile(lengths, 0.8413), 1'319, 40);    // 800 exp(0.5): one deviation above
  EXPECT_NEAR(quantile(lengths, 0.0228), 294.3, 14.7);  // 800 exp(-1): two below
}

// A further step for each roll of 0 to 99 below the odds: some odds / (100 - odds) of them.
TEST(Draw, AMultipleIsSoManySteps) {
  for (const int odds : {0, 1, 30, 50, 90}) {
    const auto lengths = draws(Multiple{3ms, odds});
    for (const Duration length : lengths) ASSERT_EQ(length % Duration(3ms), 0s);
    const double expected = 3.0 * odds / (100 - odds);
    EXPECT_NEAR(mean(lengths), expected, 0.05 * expected + 0.01) << odds;
    const auto none = std::count(lengths.begin(), lengths.end(), Duration(0));
    EXPECT_NEAR(static_cast<double>(none), 1'000.0 * (100 - odds), 800) << odds;
  }
}

TEST(Draw, AGroupSaysHowLong) {
  const std::vector<std::string_view> groups = {"delay-5s@x", "5s", "1.5", "never", "30h", ""};
  const std::vector<Duration> expected = {0s, 5s, 1500ms, 0s, kLongestDelay, 0s, 0s};
  for (std::size_t group = 0; group < expected.size(); ++group) {
    EXPECT_EQ(draw(OfGroup{group}, Roll(1), groups), expected[group]) << group;
  }
}

TEST(Draw, NothingThatIsDrawnIsNegativeOrTooLong) {
  constexpr double kHuge = std::numeric_limits<double>::max();
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Delay> delays = {Uniform{ticks(-2h), ticks(2h)},
                                     Uniform{ticks(5s), ticks(1s)},
                                     Uniform{ticks(Duration::min()), ticks(Duration::max())},
                                     Exponential{ticks(-1s)},
                                     Exponential{ticks(1h)},
                                     Exponential{ticks(Duration::max())},
                                     Lognormal{ticks(0s), kHuge},
                                     Lognormal{ticks(1s), kHuge},
                                     Lognormal{ticks(1s), kNone},
                                     Lognormal{ticks(-1s), 3},
                                     Multiple{Duration::max(), 99},
                                     Multiple{-1s, 50},
                                     Multiple{1s, 1'000}};
  Dice dice(1, "bounds");
  for (std::size_t kind = 0; kind < delays.size(); ++kind) {
    for (int count = 0; count < 1'000; ++count) {
      const Duration length = draw(delays[kind], dice.roll(), {});
      ASSERT_GE(length, 0s) << kind;
      ASSERT_LE(length, kLongestDelay) << kind;
    }
  }
}

}  // namespace
}  // namespace millrace::sink::rules
