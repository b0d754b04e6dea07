#include "report/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <utility>

namespace millrace::report {
namespace {

constexpr std::size_t kExactLimit = 40;
constexpr int kResamplings = 2'000;

// The ranks of all values, doubled so that ties have whole ones, and the tie correction.
struct Ranks {
  std::vector<std::size_t> doubled;  // of the lower sample first, then of the higher one
  double ties = 0;                   // the sum of t^3 - t
};

Ranks rank(const std::vector<double>& lower, const std::vector<double>& higher) {
  std::vector<double> all = lower;
  all.insert(all.end(), higher.begin(), higher.end());
  std::vector<double> sorted = all;
  std::sort(sorted.begin(), sorted.end());
  Ranks ranks;
  for (const double value : all) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    // The mean of the ranks first + 1 to last, twice.
    ranks.doubled.push_back(static_cast<std::size_t>(first - sorted.begin()) + 1 +
                            static_cast<std::size_t>(last - sorted.begin()));
  }
  for (std::size_t i = 0; i < sorted.size();) {
    const auto last = std::upper_bound(sorted.begin(), sorted.end(), sorted[i]);
    const auto same = static_cast<double>(last - sorted.begin()) - static_cast<double>(i);
    ranks.ties += same * same * same - same;
    i = static_cast<std::size_t>(last - sorted.begin());
  }
  return ranks;
}

// The share of all ways to choose `chosen` of the ranks whose sum is at least `least`.
double share_of_sums(const std::vector<std::size_t>& ranks, std::size_t chosen, std::size_t least) {
  std::size_t most = 0;
  for (const std::size_t one : ranks) most += one;
  // ways[k][s]: to choose k of the ranks so far with the sum s.
  std::vector<std::vector<double>> ways(chosen + 1, std::vector<double>(most + 1, 0));
  ways[0][0] = 1;
  for (const std::size_t one : ranks) {
    for (std::size_t k = chosen; k > 0; --k) {
      for (std::size_t sum = most; sum + 1 > one; --sum) ways[k][sum] += ways[k - 1][sum - one];
    }
  }
  double all = 0;
  double beyond = 0;
  for (std::size_t sum = 0; sum <= most; ++sum) {
    all += ways[chosen][sum];
    if (sum >= least) beyond += ways[chosen][sum];
  }
  return beyond / all;
}

// The place of the median, from 1; of an even number of values that of the lower one in the middle.
constexpr std::size_t middle(std::size_t values) { return (values + 1) / 2; }

// Draws the medians of resamplings, each of as many values as there are, with replacement, without
// drawing the values: so a day of seconds costs no more than three values do. A value is drawn by a
// random number from 0 to 1, its place in order; of n such numbers the k-th smallest is distributed
// as G(k) / (G(k) + G(n + 1 - k)), of Gamma distributed numbers, and the next one is an
// exponentially distributed step behind it.
class ResampledMedian {
 public:
  explicit ResampledMedian(std::vector<double> values)
      : sorted_(std::move(values)), half_(static_cast<double>(middle(sorted_.size()))) {
    std::sort(sorted_.begin(), sorted_.end());
  }

  double draw(std::mt19937_64& random) {
    const double before = half_(random);
    const double between = sorted_.size() % 2 == 0 ? step_(random) : 0;
    const double all = before + between + half_(random);
    return (at(before / all) + at((before + between) / all)) / 2;
  }

 private:
  [[nodiscard]] double at(double place) const {
    const auto index = static_cast<std::size_t>(place * static_cast<double>(sorted_.size()));
    return sorted_[std::min(index, sorted_.size() - 1)];
  }

  std::vector<double> sorted_;
  std::gamma_distribution<double> half_;
  std::exponential_distribution<double> step_;
};

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double mann_whitney(const std::vector<double>& lower, const std::vector<double>& higher) {
  if (lower.empty() || higher.empty()) return 1;
  const Ranks ranks = rank(lower, higher);
  std::size_t sum = 0;
  for (std::size_t i = lower.size(); i < ranks.doubled.size(); ++i) sum += ranks.doubled[i];
  if (ranks.doubled.size() <= kExactLimit) return share_of_sums(ranks.doubled, higher.size(), sum);
  const auto m = static_cast<double>(lower.size());
  const auto n = static_cast<double>(higher.size());
  const double all = m + n;
  const double u = static_cast<double>(sum) / 2 - n * (n + 1) / 2;
  const double variance = m * n / 12 * (all + 1 - ranks.ties / (all * (all - 1)));
  // Of values that are all the same it is 0, or by rounding less: z is minus infinity.
  const double z = (u - m * n / 2 - 0.5) / std::sqrt(std::max(variance, 0.0));
  return std::erfc(z / std::sqrt(2.0)) / 2;
}

Interval ratio_interval(const std::vector<double>& base, const std::vector<double>& values) {
  std::mt19937_64 random(1);
  ResampledMedian of_base(base);
  ResampledMedian of_values(values);
  std::vector<double> ratios;
  for (int i = 0; i < kResamplings; ++i) {
    const double below = of_base.draw(random);
    const double above = of_values.draw(random);
    ratios.push_back(below > 0   ? above / below
                     : above > 0 ? std::numeric_limits<double>::infinity()
                                 : 1);
  }
  std::sort(ratios.begin(), ratios.end());
  constexpr auto kTail = static_cast<std::size_t>(kResamplings * 0.025);
  return {.low = ratios[kTail], .high = ratios[ratios.size() - 1 - kTail]};
}

}  // namespace millrace::report
