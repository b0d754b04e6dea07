#include "mail/addresses/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "goodness_of_fit.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kDraws = 100'000;

Weights made(const std::vector<double>& weights) {
  std::string why;
  auto table = Weights::make(weights, why);
  EXPECT_EQ(why, "");
  return std::move(table).value();
}

std::string why_not(const std::vector<double>& weights) {
  std::string why;
  EXPECT_FALSE(Weights::make(weights, why).has_value());
  return why;
}

std::vector<double> counts(const Weights& table, std::uint64_t seed) {
  Roll roll(seed);
  std::vector<double> cells(table.size());
  for (std::size_t count = 0; count < kDraws; ++count) ++cells.at(table.draw(roll));
  return cells;
}

TEST(Weights, EntriesComeByTheirWeights) {
  std::vector<double> falling(1'000);  // as hosts do: the k-th a k-th as often
  for (std::size_t place = 0; place < falling.size(); ++place) {
    falling[place] = 1 / (static_cast<double>(place) + 1);
  }
  const std::vector<std::vector<double>> all = {
      {45, 40, 15},     {1, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 1'000}, {1e15, 1e14, 1e15},
      {1e-300, 3e-300}, falling};
  for (const auto& weights : all) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> expected;
    for (const double weight : weights) expected.push_back(kDraws * weight / sum);
    EXPECT_LT(tests::chi_squared(counts(made(weights), 4), expected), 1) << weights.size();
  }
}

TEST(Weights, WhatHasNoneIsNeverDrawn) {
  const auto found = counts(made({0, 1, 0, 3, 0}), 1);
  EXPECT_EQ(found[0] + found[2] + found[4], 0);
  EXPECT_NEAR(found[1], kDraws / 4.0, 1'000);
  // However the table is filled and rounded.
  Roll roll(8);
  for (int round = 0; round < 300; ++round) {
    std::vector<double> weights(1 + roll.below(40));
    for (double& weight : weights) weight = roll.below(3) == 0 ? 0 : roll.unit();
    weights.back() = 0.1;
    const Weights table = made(weights);
    for (int count = 0; count < 300; ++count) ASSERT_GT(weights.at(table.draw(roll)), 0);
  }
}

TEST(Weights, OneEntryIsAlwaysDrawn) { EXPECT_EQ(counts(made({0.001}), 1)[0], kDraws); }

TEST(Weights, TheLargestTableHasAMillionEntries) {
  std::vector<double> weights(Weights::kMostEntries, 1);
  const std::size_t last = weights.size() - 1;
  weights[last] = static_cast<double>(last);  // as often as all the others together
  const Weights table = made(weights);
  EXPECT_NEAR(counts(table, 2)[last], kDraws / 2.0, 1'000);
  weights.push_back(1);
  EXPECT_EQ(why_not(weights), "there are more than 1,000,000 weights");
}

TEST(Weights, WhatMakesNoChoiceIsRefused) {
  EXPECT_EQ(why_not({}), "the weights sum to nothing");
  EXPECT_EQ(why_not({0, 0}), "the weights sum to nothing");
  EXPECT_EQ(why_not({1, -1e-9}), "a weight is negative");
  EXPECT_EQ(why_not({1, std::numeric_limits<double>::quiet_NaN()}), "a weight is no number");
  EXPECT_EQ(why_not({1, std::numeric_limits<double>::infinity()}), "a weight is larger than 1e15");
  EXPECT_EQ(why_not({1.1e15}), "a weight is larger than 1e15");
}

TEST(Weights, TheSameRollDrawsTheSame) {
  const Weights table = made({1, 2, 3});
  EXPECT_EQ(counts(table, 9), counts(made({1, 2, 3}), 9));
  Roll roll(9);
  Roll other(9);
  static_cast<void>(table.draw(roll));
  other();
  EXPECT_EQ(roll(), other());  // one number of it a draw
}

}  // namespace
}  // namespace millrace::mail
