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

// What chi-squared of so many degrees of freedom f is above in one case of a thousand, by Wilson
// and Hilferty: the cube root of chi-squared by f is normal with mean 1 - 2 / 9f and variance 2 /
// 9f, and one in a thousand is 3.0902 deviations above.
inline double chi_squared_bound(double freedom) {
  const double spread = 2 / (9 * freedom);
  return freedom * std::pow(1 - spread + 3.0902 * std::sqrt(spread), 3);
}

// How far counts are from what is expected of each, all above 5, in units of its bound (Pearson's
// chi-squared): 1 and more does not fit.
inline double chi_squared(std::span<const double> counts, std::span<const double> expected) {
  double sum = 0;
  for (std::size_t cell = 0; cell < counts.size(); ++cell) {
    const double apart = counts[cell] - expected[cell];
    sum += apart * apart / expected[cell];
  }
  return sum / chi_squared_bound(static_cast<double>(counts.size() - 1));
}

// How far two things are from having nothing to do with each other, in units of the bound: 1 and
// more does not fit. Of each draw the one is a row and the other a column, from 0 on, and `table`
// says how often each pair came; above 5 times are expected of every pair.
inline double dependence(const std::vector<std::vector<double>>& table) {
  std::vector<double> columns(table.front().size());
  double all = 0;
  for (const auto& row : table) {
    for (std::size_t column = 0; column < row.size(); ++column) columns[column] += row[column];
  }
  for (const double column : columns) all += column;
  double sum = 0;
  for (const auto& row : table) {
    double of_row = 0;
    for (const double count : row) of_row += count;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const double expected = of_row * columns[column] / all;
      sum += (row[column] - expected) * (row[column] - expected) / expected;
    }
  }
  return sum / chi_squared_bound(static_cast<double>((table.size() - 1) * (columns.size() - 1)));
}

}  // namespace millrace::tests
