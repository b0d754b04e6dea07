#include "source/poisson_process.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "goodness_of_fit.h"

namespace millrace::source {
namespace {

using tests::chi_squared;
using tests::dependence;
using tests::kolmogorov_smirnov;

constexpr std::uint64_t kSeed = 11;

// The gaps from number `first` on.
std::vector<double> gaps_of(std::uint64_t seed, std::size_t count, std::uint64_t first = 0) {
  PoissonProcess process(seed);
  std::vector<double> gaps;
  double before = process.sum_of(first);
  for (std::uint64_t gap = first; gap < first + count; ++gap) {
    const double sum = process.sum_of(gap + 1);
    gaps.push_back(sum - before);
    before = sum;
  }
  return gaps;
}

double exponential(double gap) { return 1 - std::exp(-gap); }

double normal(double value) { return std::erfc(-value / std::sqrt(2)) / 2; }

TEST(PoissonProcess, HasExponentialGaps) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    EXPECT_LT(kolmogorov_smirnov(gaps_of(seed, 200'000), exponential), 1) << seed;
  }
  // Those of constant arrivals are of another kind, and the test can tell.
  EXPECT_GT(kolmogorov_smirnov(std::vector<double>(200'000, 1), exponential), 1);
}

// A fault where runs meet, or at one place in each of them, would be lost among all gaps.
TEST(PoissonProcess, HasExponentialGapsAtEachPlaceOfItsRuns) {
  const std::vector<double> gaps = gaps_of(kSeed, 4'000 * PoissonProcess::kRun);
  // Of 64 places one in a thousand each: one in ten thousand are beyond 1.15 times the bound.
  for (std::size_t place = 0; place < PoissonProcess::kRun; ++place) {
    std::vector<double> here;
    for (std::size_t gap = place; gap < gaps.size(); gap += PoissonProcess::kRun) {
      here.push_back(gaps[gap]);
    }
    EXPECT_LT(kolmogorov_smirnov(here, exponential), 1.15) << place;
  }
}

TEST(PoissonProcess, HasGapsThatHaveNothingToDoWithEachOther) {
  constexpr std::size_t kClasses = 8;
  const std::vector<double> gaps = gaps_of(kSeed, 300'000);
  for (const std::size_t apart : {1U, 2U, 32U, 63U, 64U, 65U, 128U, 8'192U, 16'384U}) {
    std::vector<std::vector<double>> table(kClasses, std::vector<double>(kClasses));
    for (std::size_t gap = 0; gap + apart < gaps.size(); ++gap) {
      const auto of = [](double length) {
        return static_cast<std::size_t>(exponential(length) * kClasses);
      };
      ++table[of(gaps[gap])][of(gaps[gap + apart])];
    }
    EXPECT_LT(dependence(table), 1) << apart;
  }
}

// Of n unit gaps, as far from n as of a gamma distribution: by Wilson and Hilferty the cube root of
// such a sum by n is normal, with mean 1 - 1 / 9n and variance 1 / 9n.
TEST(PoissonProcess, HasSumsOfTheirLaw) {
  constexpr std::size_t kSums = 2'000;
  for (std::uint64_t gaps = 32; gaps <= 4 * PoissonProcess::kBlock; gaps *= 2) {
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{17}, gaps / 2}) {
      PoissonProcess process(kSeed);
      double before = process.sum_of(first);
      std::vector<double> places;
      for (std::uint64_t sum = 1; sum <= kSums; ++sum) {
        const double here = process.sum_of(first + sum * gaps);
        const auto count = static_cast<double>(gaps);
        places.push_back((std::cbrt((here - before) / count) - 1 + 1 / (9 * count)) * 3 *
                         std::sqrt(count));
        before = here;
      }
      EXPECT_LT(kolmogorov_smirnov(places, normal), 1) << gaps << " from " << first;
    }
  }
}

// The middle of 2n gaps is of a beta distribution with two parameters n: near the normal one, with
// mean 1/2 and variance 1 / (8n + 4). It has nothing to do with the gap that follows.
TEST(PoissonProcess, HasMiddlesOfTheirLaw) {
  constexpr std::size_t kMiddles = 20'000;
  constexpr std::size_t kClasses = 8;
  for (std::uint64_t half = PoissonProcess::kRun; half < PoissonProcess::kBlock; half *= 2) {
    PoissonProcess process(kSeed);
    double before = 0;
    std::vector<double> places;
    std::vector<std::vector<double>> table(kClasses, std::vector<double>(kClasses));
    for (std::uint64_t first = 0; first < kMiddles * 2 * half; first += 2 * half) {
      const double middle = process.sum_of(first + half);
      const double gap = process.sum_of(first + half + 1) - middle;
      const double after = process.sum_of(first + 2 * half);
      const double share = (middle - before) / (after - before);
      places.push_back((2 * share - 1) * std::sqrt(2 * static_cast<double>(half) + 1));
      const double beyond = 2 * normal(-std::abs(places.back()));  // so far from 1/2 or further
      const auto row = std::min(static_cast<std::size_t>(beyond * kClasses), kClasses - 1);
      ++table[row][static_cast<std::size_t>(exponential(gap) * kClasses)];
      before = after;
    }
    EXPECT_LT(kolmogorov_smirnov(places, normal), 1) << half;
    EXPECT_LT(dependence(table), 1) << half;
  }
}

// How many are in stretches of equal length, against the Poisson distribution.
TEST(PoissonProcess, HasPoissonCounts) {
  constexpr std::size_t kMost = 20;
  for (const double length : {1.0, 5.0, 10.0}) {
    PoissonProcess process(kSeed);
    std::vector<double> counts(kMost + 1);
    constexpr std::size_t kStretches = 20'000;
    std::uint64_t number = 1;
    for (std::size_t stretch = 1; stretch <= kStretches; ++stretch) {
      std::size_t count = 0;
      for (; process.sum_of(number) < length * static_cast<double>(stretch); ++number) ++count;
      ++counts[std::min(count, kMost)];
    }
    std::vector<double> expected;
    double rest = kStretches;
    for (std::size_t count = 0; count < kMost; ++count) {
      const auto many = static_cast<double>(count);
      expected.push_back(kStretches *
                         std::exp(many * std::log(length) - length - std::lgamma(many + 1)));
      rest -= expected.back();
    }
    expected.push_back(rest);
    // Those that are hardly expected at all, as one.
    while (expected.back() < 10) {
      expected[expected.size() - 2] += expected.back();
      expected.pop_back();
      counts[counts.size() - 2] += counts.back();
      counts.pop_back();
    }
    EXPECT_LT(chi_squared(counts, expected), 1) << length;
  }
}

// To the last bit, however many ask and whatever they leave out.
TEST(PoissonProcess, IsTheSameForAllWhoAsk) {
  constexpr std::uint64_t kGaps = 100'000;
  std::vector<double> all;
  PoissonProcess whole(kSeed);
  for (std::uint64_t gaps = 0; gaps <= kGaps; ++gaps) all.push_back(whole.sum_of(gaps));
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(all[0], 0);
  for (const std::uint64_t step : {2U, 3U, 16U, 63U, 64U, 65U, 1'000U, 16'384U, 40'000U}) {
    for (std::uint64_t first = 0; first < step; first += step / 16 + 1) {
      PoissonProcess own(kSeed);
      for (std::uint64_t gaps = first; gaps <= kGaps; gaps += step) {
        ASSERT_EQ(own.sum_of(gaps), all[gaps]) << gaps << ", each " << step << "th";
      }
    }
  }
}

TEST(PoissonProcess, IsAnotherForAnotherSeed) {
  EXPECT_EQ(gaps_of(1, 1'000), gaps_of(1, 1'000));
  for (const std::uint64_t seed : {std::uint64_t{2}, ~std::uint64_t{1}}) {
    const std::vector<double> one = gaps_of(1, 1'000);
    const std::vector<double> other = gaps_of(seed, 1'000);
    for (std::size_t gap = 0; gap < one.size(); ++gap) EXPECT_NE(one[gap], other[gap]);
  }
}

// A double has steps of a ten-millionth of a gap there.
TEST(PoissonProcess, HasTheSameLawAfterAThousandMillions) {
  constexpr std::uint64_t kMany = 1'000'000'000;
  PoissonProcess process(kSeed);
  EXPECT_NEAR(process.sum_of(kMany), kMany, 4 * std::sqrt(kMany));
  EXPECT_LT(kolmogorov_smirnov(gaps_of(kSeed, 100'000, kMany), exponential), 1);
}

}  // namespace
}  // namespace millrace::source
