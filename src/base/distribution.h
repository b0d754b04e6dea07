#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/roll.h"
#include "base/time.h"

namespace millrace {

// What numbers are drawn from: sizes in bytes, times in ticks of Duration, counts. Nothing in it
// says which.
struct Constant {
  double value = 0;
  bool operator==(const Constant&) const = default;
};
struct Uniform {
  double least = 0;
  double most = 0;
  bool operator==(const Uniform&) const = default;
};
struct Exponential {
  double mean = 0;
  bool operator==(const Exponential&) const = default;
};
struct Lognormal {
  double median = 0;
  double sigma = 0;  // of the logarithm
  bool operator==(const Lognormal&) const = default;
};
// A share of (least / x)^alpha of all is above x.
struct Pareto {
  double least = 0;
  double alpha = 0;
  bool operator==(const Pareto&) const = default;
};
// Whole numbers from 1 on: how many throws of a coin until the first head, where a throw is a head
// with odds 1 / mean.
struct Geometric {
  double mean = 1;
  bool operator==(const Geometric&) const = default;
};
using Distribution = std::variant<Constant, Uniform, Exponential, Lognormal, Pareto, Geometric>;

// A number of it: what is beyond `most` is `most`, what is negative or no number is 0.
double draw(const Distribution& distribution, Roll& roll, double most);

// The same where only whole numbers make sense: A-B is each from A to B alike often, any
// other number is rounded. `most` is at most 2^53.
std::uint64_t draw_whole(const Distribution& distribution, Roll& roll, std::uint64_t most);

// The mean of all that can be drawn, were there no limit; infinite where there is none.
double mean(const Distribution& distribution);

// What the numbers of a distribution are of, where it is written as text.
struct Measure {
  std::optional<double> (*read)(std::string_view text);
  double most = 0;           // what a text may name
  std::string_view example;  // of one, for messages: "14K"
  bool counts = true;        // whether "one more" means anything, so that there is a geometric
};
// Numbers of bytes, as "14K".
Measure bytes_up_to(std::uint64_t most);
// Times in ticks of Duration, as "200ms".
Measure times_up_to(Duration most);
// Plain numbers, with a fraction or without.
Measure numbers_up_to(std::uint64_t most);

// Bounds of what shapes a distribution. At a sigma of 10 one draw in three is 20,000 times the
// median or a 20,000th of it; at an alpha of 100 nearly all draws are within 5% of the least.
inline constexpr double kLargestSigma = 10;
inline constexpr double kLargestAlpha = 100;

// The distribution that `text` writes: "14K", "10K-1M", "exponential MEAN", "lognormal MEDIAN
// SIGMA", "pareto MIN ALPHA" or "geometric MEAN". Nothing when it is none, and `why` says what is
// wrong: to be put behind the text's place and a colon.
std::optional<Distribution> parse_distribution(std::string_view text, const Measure& measure,
                                               std::string& why);

}  // namespace millrace
