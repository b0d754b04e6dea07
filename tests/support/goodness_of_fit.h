#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace millrace::tests {

// Whether what was drawn is from the distribution that it should be from. Of sound draws one test
// in a thousand is beyond the bound: seeds are fixed, so each is what it is for good.

// The largest distance between the share of the draws that are not above a value and what `share`
// says of it, in units of its bound (Kolmogorov and Smirnov): 1 and more does not fit. For a
// distribution without steps. The distance d of n draws is beyond x / sqrt(n) in 2 exp(-2 x^2) of
// all cases, which is 0.001 where x is sqrt(ln(2000) / 2).
template <typename Share>
double kolmogorov_smirnov(std::vector<double> draws, Share share) {
  std::sort(draws.begin(), draws.end());
  const auto count = static_cast<double>(draws.size());
  double distance = 0;
  for (std::size_t place = 0; place < draws.size(); ++place) {
    const double expected = share(draws[place]);
    const auto below = static_cast<double>(place);
    distance = std::max({distance, (below + 1) / count - expected, expected - below / count});
  }
  return distance * std::sqrt(count) / std::sqrt(std::log(2'000) / 2);
}

// How far counts are from what is expected of each, all above 5, in units of its bound (Pearson's
// chi-squared): 1 and more does not fit. The bound is by Wilson and Hilferty: the cube root of
// chi-squared by its degrees of freedom f is normal with mean 1 - 2 / 9f and variance 2 / 9f, and
// one in a thousand is 3.0902 deviations above.
inline double chi_squared(std::span<const double> counts, std::span<const double> expected) {
  double sum = 0;
  for (std::size_t cell = 0; cell < counts.size(); ++cell) {
    const double apart = counts[cell] - expected[cell];
    sum += apart * apart / expected[cell];
  }
  const auto freedom = static_cast<double>(counts.size() - 1);
  const double spread = 2 / (9 * freedom);
  return sum / (freedom * std::pow(1 - spread + 3.0902 * std::sqrt(spread), 3));
}

}  // namespace millrace::tests
