#pragma once

#include <vector>

namespace millrace::report {

// The middle of the values; the mean of the two in the middle when their number is even. 0 for
// none.
double median(std::vector<double> values);

// How likely it is that `higher` lies as far above `lower` as it does, or further, when both are
// samples of the same: the one-sided Mann-Whitney U test. Exact, ties included, for up to forty
// values together, else by the normal approximation.
double mann_whitney(const std::vector<double>& lower, const std::vector<double>& higher);

// Between which bounds 95 of 100 resamplings see the ratio of the medians of `values` to those of
// `base` (percentile bootstrap; the same samples always give the same bounds).
struct Interval {
  double low = 0;
  double high = 0;
};
Interval ratio_interval(const std::vector<double>& base, const std::vector<double>& values);

}  // namespace millrace::report
