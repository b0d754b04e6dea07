#include "sink/rules/dice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <latch>
#include <thread>
#include <vector>

namespace millrace::sink::rules {
namespace {

std::vector<std::uint64_t> first_rolls(std::uint64_t seed, std::string_view rule, int count) {
  Dice dice(seed, rule);
  std::vector<std::uint64_t> rolls;
  for (int roll = 0; roll < count; ++roll) rolls.push_back(dice.roll()());
  return rolls;
}

TEST(Dice, TheSameSeedAndNameRollTheSame) {
  EXPECT_EQ(first_rolls(7, "flaky", 100), first_rolls(7, "flaky", 100));
  EXPECT_NE(first_rolls(7, "flaky", 100), first_rolls(8, "flaky", 100));
  EXPECT_NE(first_rolls(7, "flaky", 100), first_rolls(7, "slow", 100));
}

TEST(Dice, ThrownOnManyThreadsTheyRollWhatOneThreadDoes) {
  constexpr int kThreads = 2;
  constexpr int kEach = 500'000;  // many turns of the scheduler
  Dice dice(3, "shared");
  std::latch ready(kThreads);
  std::vector<std::vector<std::uint64_t>> of_thread(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& rolls : of_thread) {
      threads.emplace_back([&] {
        ready.arrive_and_wait();
        for (int roll = 0; roll < kEach; ++roll) rolls.push_back(dice.roll()());
      });
    }
  }
  std::vector<std::uint64_t> all;
  for (const auto& rolls : of_thread) all.insert(all.end(), rolls.begin(), rolls.end());
  std::vector<std::uint64_t> expected = first_rolls(3, "shared", kThreads * kEach);
  std::sort(all.begin(), all.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_TRUE(all == expected);
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

// How many of the rolls in a row lie below a share of all is as it should be, whatever they are
// rolled for: within five deviations.
TEST(Dice, UnitsAreEven) {
  constexpr int kRolls = 100'000;
  for (const double share : {0.01, 0.3, 0.5, 0.9}) {
    Dice dice(11, "even");
    int below = 0;
    for (int roll = 0; roll < kRolls; ++roll) {
      const double unit = dice.roll().unit();
      ASSERT_GE(unit, 0);
      ASSERT_LT(unit, 1);
      if (unit < share) ++below;
    }
    EXPECT_NEAR(below, kRolls * share, 5 * std::sqrt(kRolls * share * (1 - share))) << share;
  }
}

// Each tenth of [0, 1) is followed by each other one as often.
TEST(Dice, ARollDoesNotTellTheNext) {
  constexpr int kRolls = 100'000;
  Dice dice(5, "pairs");
  std::array<std::array<int, 10>, 10> pairs{};
  auto last = static_cast<std::size_t>(dice.roll().unit() * 10);
  for (int roll = 0; roll < kRolls; ++roll) {
    const auto next = static_cast<std::size_t>(dice.roll().unit() * 10);
    ++pairs[last][next];
    last = next;
  }
  for (const auto& row : pairs) {
    for (const int count : row) EXPECT_NEAR(count, kRolls / 100, 5 * std::sqrt(kRolls / 100.0));
  }
}

TEST(Roll, NormalOnesHaveMeanNoneAndDeviationOne) {
  constexpr int kRolls = 100'000;
  Dice dice(5, "normal");
  double sum = 0;
  double squares = 0;
  for (int roll = 0; roll < kRolls; ++roll) {
    const double value = dice.roll().normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kRolls, 0, 0.02);
  EXPECT_NEAR(squares / kRolls, 1, 0.03);
}

}  // namespace
}  // namespace millrace::sink::rules
