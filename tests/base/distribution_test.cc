#include "base/distribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "goodness_of_fit.h"

namespace millrace {
namespace {

constexpr std::size_t kDraws = 100'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kLargestWhole = std::uint64_t{1} << 53;

std::vector<double> draws(const Distribution& distribution) {
  Roll roll(11);
  std::vector<double> numbers(kDraws);
  for (double& number : numbers) number = draw(distribution, roll, kInfinity);
  return numbers;
}

// How often each whole number up to `last` is drawn, or what is above it: in the last cell.
std::vector<double> counts(const Distribution& distribution, std::size_t last) {
  Roll roll(12);
  std::vector<double> cells(last + 2);
  for (std::size_t count = 0; count < kDraws; ++count) {
    ++cells[std::min<std::uint64_t>(draw_whole(distribution, roll, kLargestWhole), last + 1)];
  }
  return cells;
}

double average(const std::vector<double>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

TEST(Distribution, AUniformOneFits) {
  const auto share = [](double x) { return (x - 10) / 80; };
  EXPECT_LT(tests::kolmogorov_smirnov(draws(Uniform{10, 90}), share), 1);
}

TEST(Distribution, AnExponentialOneFits) {
  const auto share = [](double x) { return 1 - std::exp(-x / 200); };
  EXPECT_LT(tests::kolmogorov_smirnov(draws(Exponential{200}), share), 1);
}

TEST(Distribution, ALognormalOneFits) {
  for (const double sigma : {0.3, 1.1, 3.0}) {
    const auto share = [sigma](double x) {
      return std::erfc(-std::log(x / 14'336) / sigma / std::sqrt(2)) / 2;
    };
    EXPECT_LT(tests::kolmogorov_smirnov(draws(Lognormal{14'336, sigma}), share), 1) << sigma;
  }
}

TEST(Distribution, AParetoOneFits) {
  for (const double alpha : {0.8, 1.5, 4.0}) {
    const auto share = [alpha](double x) { return 1 - std::pow(2'048 / x, alpha); };
    EXPECT_LT(tests::kolmogorov_smirnov(draws(Pareto{2'048, alpha}), share), 1) << alpha;
  }
}

TEST(Distribution, AGeometricOneFits) {
  for (const double mean : {1.5, 4.0, 20.0}) {
    constexpr std::size_t kLast = 15;
    const double head = 1 / mean;
    std::vector<double> expected;
    double tails = 1;
    for (std::size_t number = 1; number <= kLast; ++number, tails *= 1 - head) {
      expected.push_back(kDraws * tails * head);
    }
    expected.push_back(kDraws * tails);
    std::vector<double> found = counts(Geometric{mean}, kLast);
    EXPECT_EQ(found[0], 0) << mean;
    found.erase(found.begin());
    while (expected.back() < 5) {  // too few to be looked at by themselves
      const double rare = expected.back();
      const double seen = found.back();
      expected.pop_back();
      found.pop_back();
      expected.back() += rare;
      found.back() += seen;
    }
    EXPECT_LT(tests::chi_squared(found, expected), 1) << mean;
  }
  for (const double number : draws(Geometric{1})) ASSERT_EQ(number, 1);
}

TEST(Distribution, WholeNumbersOfARangeComeAlikeOften) {
  std::vector<double> found = counts(Uniform{2, 12}, 12);
  EXPECT_EQ(found[0] + found[1] + found[13], 0);
  found.pop_back();
  found.erase(found.begin(), found.begin() + 2);
  EXPECT_LT(tests::chi_squared(found, std::vector<double>(11, kDraws / 11.0)), 1);
}

TEST(Distribution, OtherWholeNumbersAreRounded) {
  Roll roll(1);
  EXPECT_EQ(draw_whole(Constant{2.4}, roll, 10), 2U);
  EXPECT_EQ(draw_whole(Constant{2.5}, roll, 10), 3U);
  EXPECT_EQ(draw_whole(Uniform{1.6, 2.4}, roll, 10), 2U);
  EXPECT_EQ(draw_whole(Constant{0}, roll, 10), 0U);
}

TEST(Distribution, TheMeanIsThatOfTheDraws) {
  const std::vector<Distribution> all = {Constant{7},      Uniform{10, 90},  Exponential{200},
                                         Lognormal{14, 1}, Pareto{2'048, 4}, Geometric{4}};
  for (const Distribution& distribution : all) {
    const double expected = mean(distribution);
    EXPECT_NEAR(average(draws(distribution)), expected, 0.02 * expected) << distribution.index();
  }
  EXPECT_DOUBLE_EQ(mean(Pareto{2, 1.5}), 6);  // of draws whose variance has no end
  EXPECT_EQ(mean(Pareto{2, 1}), kInfinity);
  EXPECT_EQ(mean(Pareto{2, 0.5}), kInfinity);
}

TEST(Distribution, TheSameRollDrawsTheSame) {
  const std::vector<Distribution> all = {Constant{7},      Uniform{10, 90},  Exponential{200},
                                         Lognormal{14, 1}, Pareto{2'048, 4}, Geometric{4}};
  for (const Distribution& distribution : all) {
    Roll one(5);
    Roll other(5);
    for (int count = 0; count < 100; ++count) {
      ASSERT_EQ(draw(distribution, one, 1e9), draw(distribution, other, 1e9));
    }
  }
}

TEST(Distribution, NothingIsDrawnBeyondItsBounds) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  constexpr double kHuge = std::numeric_limits<double>::max();
  const std::vector<Distribution> all = {
      Constant{-1},       Constant{kNone},        Constant{kHuge},     Uniform{-5, 5},
      Uniform{9, 1},      Uniform{-kHuge, kHuge}, Uniform{kNone, 1},   Exponential{-1},
      Exponential{kHuge}, Lognormal{1, kHuge},    Lognormal{1, kNone}, Lognormal{0, kHuge},
      Pareto{1, 1e-9},    Pareto{1, 0},           Pareto{-1, 1},       Pareto{kHuge, kNone},
      Geometric{0},       Geometric{kHuge},       Geometric{-1}};
  Roll roll(6);
  for (std::size_t kind = 0; kind < all.size(); ++kind) {
    for (int count = 0; count < 1'000; ++count) {
      const double number = draw(all[kind], roll, 1'000);
      ASSERT_TRUE(number >= 0 && number <= 1'000) << kind;
      ASSERT_LE(draw_whole(all[kind], roll, 1'000), 1'000U) << kind;
      ASSERT_LE(draw_whole(all[kind], roll, ~std::uint64_t{0}), kLargestWhole) << kind;
    }
  }
}

TEST(Roll, NumbersBelowABoundComeAlikeOften) {
  Roll roll(3);
  std::vector<double> found(7);
  for (std::size_t count = 0; count < kDraws; ++count) ++found.at(roll.below(7));
  EXPECT_LT(tests::chi_squared(found, std::vector<double>(7, kDraws / 7.0)), 1);
  EXPECT_EQ(roll.below(1), 0U);
  EXPECT_EQ(roll.below(0), 0U);
  // The upper half of a large range comes as often as the lower.
  std::vector<double> halves(2);
  for (std::size_t count = 0; count < kDraws; ++count) {
    ++halves.at(roll.below(3ULL << 62) >= 3ULL << 61 ? 1 : 0);
  }
  EXPECT_LT(tests::chi_squared(halves, std::vector<double>(2, kDraws / 2.0)), 1);
}

}  // namespace
}  // namespace millrace
