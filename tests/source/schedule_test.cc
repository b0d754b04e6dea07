#include "source/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "source/arrivals.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

Stage hold(double level, Duration length) {
  return {.name = "hold", .length = length, .from = level, .to = level};
}

Stage ramp(double from, double to, Duration length) {
  return {.name = "ramp", .length = length, .from = from, .to = to};
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::vector<double> times(const Schedule& schedule, ArrivalPattern pattern,
                          std::uint64_t seed = 1) {
  Arrivals arrivals(schedule, pattern, seed);
  std::vector<double> times;
  while (const auto due = arrivals.when(times.size())) times.push_back(seconds(*due));
  return times;
}

TEST(Schedule, KnowsItsLevelAtEachMoment) {
  const Schedule schedule({ramp(0, 100, 10s), hold(100, 5s), hold(20, 5s)});
  EXPECT_EQ(schedule.end(), 20s);
  EXPECT_DOUBLE_EQ(schedule.level_at(0s), 0);
  EXPECT_DOUBLE_EQ(schedule.level_at(5s), 50);
  EXPECT_DOUBLE_EQ(schedule.level_at(12s), 100);
  EXPECT_DOUBLE_EQ(schedule.level_at(15s), 20);
  EXPECT_DOUBLE_EQ(schedule.highest_level(), 100);
  EXPECT_DOUBLE_EQ(schedule.sum_until(10s), 500);
  EXPECT_DOUBLE_EQ(schedule.sum_until(15s), 1'000);
  EXPECT_DOUBLE_EQ(schedule.sum_until(99s), 1'100);
  EXPECT_EQ(schedule.stage_at(0s), 0U);
  EXPECT_EQ(schedule.stage_at(10s), 1U);
  EXPECT_EQ(schedule.stage_at(99s), 2U);
}

TEST(Schedule, FindsWhenASumIsReached) {
  const Schedule schedule({ramp(0, 100, 10s), hold(0, 5s), ramp(100, 0, 10s)});
  for (double sum = 1; sum < 1'000; sum += 7) {
    const auto when = schedule.when_sum_is(sum);
    ASSERT_TRUE(when) << sum;
    EXPECT_NEAR(schedule.sum_until(*when), sum, 1e-4) << sum;
  }
  EXPECT_EQ(schedule.when_sum_is(0), 0s);
  EXPECT_EQ(schedule.when_sum_is(500), 15s);
  EXPECT_FALSE(schedule.when_sum_is(1'000));
}

TEST(Schedule, MayHaveNoEnd) {
  const Schedule schedule({hold(10, 1s), hold(1'000, Stage::kEndless)});
  EXPECT_EQ(schedule.end(), Stage::kEndless);
  EXPECT_EQ(schedule.when_sum_is(1'010), 2s);
  EXPECT_NEAR(seconds(*schedule.when_sum_is(3'600'010'000.0)), 3'600'010.99, 1e-3);
}

TEST(Schedule, FindsWhenALevelIsExceeded) {
  const Schedule schedule({ramp(0, 10, 10s), ramp(10, 0, 10s), hold(7, 5s)});
  EXPECT_NEAR(seconds(*schedule.when_above(0, 0s)), 0, 1e-6);
  EXPECT_NEAR(seconds(*schedule.when_above(3, 0s)), 3, 1e-6);
  EXPECT_GT(schedule.level_at(*schedule.when_above(3, 0s)), 3);
  EXPECT_EQ(*schedule.when_above(3, 12s), 12s);
  EXPECT_EQ(*schedule.when_above(5, 16s), 20s);
  EXPECT_FALSE(schedule.when_above(10, 0s));
  EXPECT_FALSE(schedule.when_above(8, 19s));
}

TEST(Schedule, MayBeginAboveNothingAndStayBelowOne) {
  const Schedule schedule({ramp(2, 10, 8s)});
  EXPECT_NEAR(seconds(*schedule.when_above(4, 0s)), 2, 1e-6);
  EXPECT_NEAR(schedule.sum_until(4s), 16, 1e-9);
  EXPECT_DOUBLE_EQ(Schedule({hold(0.5, 10s)}).highest_level(), 0.5);
}

TEST(Arrivals, AreWhereAConstantRatePutsThem) {
  for (const double rate : {1.0, 100.0, 333.0, 20'000.0}) {
    const std::vector<double> due = times(Schedule({hold(rate, 10s)}), ArrivalPattern::constant);
    ASSERT_EQ(due.size(), static_cast<std::size_t>(rate * 10));
    for (std::size_t i = 0; i < due.size(); ++i) {
      ASSERT_NEAR(due[i], static_cast<double>(i) / rate, 2e-9);
    }
  }
}

TEST(Arrivals, AreNeverInAStageOfNothing) {
  const Schedule schedule({hold(0, 5s), hold(10, 10s), hold(0, 10s), hold(10, 10s), hold(0, 5s)});
  const std::vector<double> due = times(schedule, ArrivalPattern::constant);
  ASSERT_EQ(due.size(), 200U);
  EXPECT_NEAR(due[0], 5, 1e-6);
  EXPECT_NEAR(due[99], 14.9, 1e-6);
  EXPECT_NEAR(due[100], 25, 1e-6);
  EXPECT_NEAR(due[199], 34.9, 1e-6);
}

TEST(Arrivals, FollowARamp) {
  const std::vector<double> due = times(Schedule({ramp(0, 2'000, 10s)}), ArrivalPattern::constant);
  ASSERT_EQ(due.size(), 10'000U);
  EXPECT_TRUE(std::is_sorted(due.begin(), due.end()));
  // As many by half of the time as the triangle has: a quarter.
  EXPECT_EQ(std::lower_bound(due.begin(), due.end(), 5.0) - due.begin(), 2'500);
}

// The Kolmogorov-Smirnov statistic of `values` against a distribution, times the root of their
// number: below 1.95 in 999 of 1,000 cases when they are of it.
template <typename Distribution>
double kolmogorov_smirnov(std::vector<double> values, Distribution distribution) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = distribution(values[i]);
    largest = std::max({largest, static_cast<double>(i + 1) / count - expected,
                        expected - static_cast<double>(i) / count});
  }
  return largest * std::sqrt(count);
}

TEST(Arrivals, OfAPoissonProcessHaveExponentialGaps) {
  constexpr double kRate = 5'000;
  const std::vector<double> due = times(Schedule({hold(kRate, 20s)}), ArrivalPattern::poisson);
  EXPECT_NEAR(static_cast<double>(due.size()), kRate * 20, 4 * std::sqrt(kRate * 20));
  std::vector<double> gaps;
  for (std::size_t i = 1; i < due.size(); ++i) gaps.push_back(due[i] - due[i - 1]);
  EXPECT_LT(kolmogorov_smirnov(gaps, [](double gap) { return 1 - std::exp(-kRate * gap); }), 1.95);
  // The gaps of constant arrivals are of another kind, and the test can tell.
  EXPECT_GT(kolmogorov_smirnov(std::vector<double>(gaps.size(), 1 / kRate),
                               [](double gap) { return 1 - std::exp(-kRate * gap); }),
            1.95);
}

// Nobody's message is due at the start itself.
TEST(Arrivals, OfAPoissonProcessBeginAGapAfterTheStart) {
  const Schedule schedule({hold(1, Stage::kEndless)});
  std::vector<double> firsts;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    firsts.push_back(seconds(*Arrivals(schedule, ArrivalPattern::poisson, seed).when(0)));
  }
  EXPECT_LT(kolmogorov_smirnov(firsts, [](double first) { return 1 - std::exp(-first); }), 1.95);
}

TEST(Arrivals, OfAPoissonProcessOnARampAreUniformInItsSum) {
  const Schedule schedule({ramp(0, 4'000, 10s), ramp(4'000, 500, 10s)});
  const double all = schedule.sum_until(20s);
  std::vector<double> places;
  for (const double due : times(schedule, ArrivalPattern::poisson, 7)) {
    places.push_back(
        schedule.sum_until(std::chrono::round<Duration>(std::chrono::duration<double>(due))) / all);
  }
  EXPECT_LT(kolmogorov_smirnov(places, [](double place) { return place; }), 1.95);
}

TEST(Arrivals, AreTheSameForTheSameSeed) {
  const Schedule schedule({hold(1'000, 2s)});
  EXPECT_EQ(times(schedule, ArrivalPattern::poisson, 5),
            times(schedule, ArrivalPattern::poisson, 5));
  EXPECT_NE(times(schedule, ArrivalPattern::poisson, 5),
            times(schedule, ArrivalPattern::poisson, 6));
}

}  // namespace
}  // namespace millrace::source
