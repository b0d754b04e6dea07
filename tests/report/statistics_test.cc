#include "report/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

namespace millrace::report {
namespace {

TEST(Statistics, MannWhitneyIsExactForFewValues) {
  // All orders of three and three: only one of twenty sets them apart in this direction.
  EXPECT_DOUBLE_EQ(mann_whitney({1, 2, 3}, {4, 5, 6}), 0.05);
  EXPECT_DOUBLE_EQ(mann_whitney({4, 5, 6}, {1, 2, 3}), 1);
  EXPECT_DOUBLE_EQ(mann_whitney({1, 2, 3, 4}, {5, 6, 7, 8}), 1.0 / 70);
  EXPECT_DOUBLE_EQ(mann_whitney({1, 1}, {1, 1}), 1);
  EXPECT_DOUBLE_EQ(mann_whitney({}, {1}), 1);
}

TEST(Statistics, MannWhitneyFindsChanceWhereThereIsNothingElse) {
  std::mt19937 random(3);
  std::normal_distribution<double> any(10, 1);
  for (const std::size_t size : {10U, 60U}) {
    int found = 0;
    for (int i = 0; i < 1'000; ++i) {
      std::vector<double> a(size);
      std::vector<double> b(size);
      for (double& value : a) value = any(random);
      for (double& value : b) value = any(random);
      if (mann_whitney(a, b) <= 0.05) ++found;
    }
    EXPECT_GT(found, 25) << size;  // of 1,000 about 50
    EXPECT_LT(found, 80) << size;
  }
}

TEST(Statistics, MannWhitneyIsExactWithTies) {
  // By counting: of the 6 ways to choose two of 1, 2, 2, 3 two are as high as 2 and 3.
  EXPECT_DOUBLE_EQ(mann_whitney({1, 2}, {2, 3}), 2.0 / 6);
  EXPECT_DOUBLE_EQ(mann_whitney({2, 3}, {1, 2}), 6.0 / 6);
  EXPECT_DOUBLE_EQ(mann_whitney({1, 1, 1}, {1, 1, 2}), 0.5);
  EXPECT_DOUBLE_EQ(mann_whitney({1, 3, 5}, {2, 4}), 0.6);
  EXPECT_DOUBLE_EQ(mann_whitney({1}, {2}), 0.5);
  EXPECT_DOUBLE_EQ(mann_whitney({1, 2, 3, 4, 5}, {6}), 1.0 / 6);
}

TEST(Statistics, MannWhitneyOfManyIsTheNormalApproximation) {
  std::vector<double> lower;
  std::vector<double> higher;
  for (int i = 0; i < 30; ++i) {
    lower.push_back(i);
    higher.push_back(i + 7);
  }
  // By the formula of the textbooks, with the corrections for continuity and for ties.
  EXPECT_NEAR(mann_whitney(lower, higher), 0.003109616664796936, 1e-12);
  for (double& value : lower) value = std::floor(value / 10);
  for (double& value : higher) value = std::floor(value / 10);
  EXPECT_NEAR(mann_whitney(lower, higher), 0.0034888537538470634, 1e-12);
  EXPECT_DOUBLE_EQ(mann_whitney(std::vector<double>(30, 1), std::vector<double>(30, 1)), 1);
}

TEST(Statistics, MediansAndTheirRatio) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({}), 0);
  const Interval interval = ratio_interval({10, 10, 10}, {12, 12, 12});
  EXPECT_DOUBLE_EQ(interval.low, 1.2);
  EXPECT_DOUBLE_EQ(interval.high, 1.2);
}

// By counting (and for an even number by drawing a hundred thousand times): where 2.5% of the
// medians of so many values, drawn from 0, 1, 2 and so on, lie below.
TEST(Statistics, TheBoundsAreThoseOfResampledMedians) {
  for (const auto& [size, bound] : std::vector<std::pair<int, double>>{
           {1, 0}, {3, 0}, {4, 0}, {6, 0.5}, {7, 1}, {30, 9.5}, {31, 10}}) {
    std::vector<double> values;
    for (int i = 0; i < size; ++i) values.push_back(i);
    const Interval interval = ratio_interval({1}, values);
    EXPECT_NEAR(interval.low, bound, size < 30 ? 0 : 0.5) << size;
    EXPECT_NEAR(interval.high, size - 1 - bound, size < 30 ? 0 : 0.5) << size;
  }
  EXPECT_TRUE(std::isinf(ratio_interval({0, 0, 0}, {1, 2, 3}).low));
  EXPECT_DOUBLE_EQ(ratio_interval({0, 0, 0}, {0, 0, 0}).high, 1);
}

// A day on each side: what takes the time of all values at each resampling is not done before this
// test's time is up.
TEST(Statistics, OfADayOfSecondsTheBoundsAreThereAtOnce) {
  constexpr int kDay = 86'400;
  std::vector<double> values;
  for (int i = 0; i < kDay; ++i) values.push_back(1 + static_cast<double>(i) / kDay);
  for (int i = 0; i < 7; ++i) {
    const Interval interval = ratio_interval(std::vector<double>(kDay, 1), values);
    const double error = 1.96 / 2 / std::sqrt(kDay);  // of the median's place
    EXPECT_NEAR(interval.low, 1.5 - error, 0.0005);
    EXPECT_NEAR(interval.high, 1.5 + error, 0.0005);
  }
}

}  // namespace
}  // namespace millrace::report
