#include <gtest/gtest.h>

#include <chrono>

#include "base/distribution.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

double ticks(Duration time) { return static_cast<double>(time.count()); }

std::optional<Distribution> parsed(std::string_view text, const Measure& measure) {
  std::string why = "of an earlier one";
  const auto distribution = parse_distribution(text, measure, why);
  EXPECT_EQ(distribution.has_value(), why.empty()) << text << ": " << why;
  return distribution;
}

std::optional<Distribution> size(std::string_view text) { return parsed(text, bytes_up_to(kMost)); }
std::optional<Distribution> time(std::string_view text) { return parsed(text, times_up_to(1h)); }
std::optional<Distribution> number(std::string_view text) {
  return parsed(text, numbers_up_to(1'000));
}

std::string why_no_size(std::string_view text) {
  std::string why;
  EXPECT_FALSE(parse_distribution(text, bytes_up_to(kMost), why)) << text;
  return why;
}

TEST(DistributionText, EveryFormIsRead) {
  EXPECT_EQ(size("14K"), Distribution(Constant{14'336}));
  EXPECT_EQ(size("0"), Distribution(Constant{0}));
  EXPECT_EQ(size("1G"), Distribution(Constant{kMost}));
  EXPECT_EQ(size("10K-1M"), Distribution(Uniform{10'240, 1'048'576}));
  EXPECT_EQ(size("7-7"), Distribution(Uniform{7, 7}));
  EXPECT_EQ(size(" lognormal\t14K  1.1 "), Distribution(Lognormal{14'336, 1.1}));
  EXPECT_EQ(size("lognormal 1 0"), Distribution(Lognormal{1, 0}));
  EXPECT_EQ(size("lognormal 1 10"), Distribution(Lognormal{1, kLargestSigma}));
  EXPECT_EQ(size("pareto 2K 1.5"), Distribution(Pareto{2'048, 1.5}));
  EXPECT_EQ(size("pareto 1 100"), Distribution(Pareto{1, kLargestAlpha}));
  EXPECT_EQ(size("exponential 2K"), Distribution(Exponential{2'048}));
  EXPECT_EQ(time("exponential 200ms"), Distribution(Exponential{ticks(200ms)}));
  EXPECT_EQ(time("1s-5s"), Distribution(Uniform{ticks(1s), ticks(5s)}));
  EXPECT_EQ(time("1h"), Distribution(Constant{ticks(1h)}));
  EXPECT_EQ(number("geometric 4"), Distribution(Geometric{4}));
  EXPECT_EQ(number("geometric 1"), Distribution(Geometric{1}));
  EXPECT_EQ(number("2.5"), Distribution(Constant{2.5}));
}

TEST(DistributionText, WhatIsNoneIsRefused) {
  for (const char* const text : {"",
                                 " ",
                                 "x",
                                 "-1",
                                 "-",
                                 "1-",
                                 "-1-2",
                                 "2-1",
                                 "1-2-3",
                                 "1 - 2",
                                 "1K 2K",
                                 "1X",
                                 "1.5",
                                 "2G",
                                 "1-2G",
                                 "exponential",
                                 "exponential 0",
                                 "exponential x",
                                 "exponential 1 2",
                                 "exponential 2G",
                                 "lognormal",
                                 "lognormal 1K",
                                 "lognormal 0 1",
                                 "lognormal 1K -1",
                                 "lognormal 1K 10.1",
                                 "lognormal 1K nan",
                                 "lognormal 1K 1 1",
                                 "pareto 1K",
                                 "pareto 0 1",
                                 "pareto 1K 0",
                                 "pareto 1K 101",
                                 "pareto 1K inf",
                                 "geometric",
                                 "geometric 0",
                                 "geometric 1 1",
                                 "Lognormal 1K 1",
                                 "normal 1K 1",
                                 "lognormal 1K-2K 1"}) {
    EXPECT_FALSE(size(text)) << text;
  }
  EXPECT_FALSE(time("geometric 4"));
  EXPECT_FALSE(time("2h"));
  EXPECT_FALSE(number("geometric 0.9"));
  EXPECT_FALSE(number("1001"));
}

TEST(DistributionText, TheReasonNamesWhatIsWrong) {
  EXPECT_EQ(why_no_size(""), "nothing is said");
  EXPECT_EQ(why_no_size("big"),
            "'big' is not written as '14K', as A-B, or with exponential, lognormal, pareto, "
            "geometric");
  EXPECT_EQ(why_no_size("lognormal 1K"),
            "'lognormal 1K' is not written as 'lognormal MEDIAN SIGMA'");
  EXPECT_EQ(why_no_size("lognormal 2X 11"), "'2X' is not written as '14K' is");
  EXPECT_EQ(why_no_size("lognormal 2K 11"), "'11' is no sigma: a number from 0 to 10");
  EXPECT_EQ(why_no_size("pareto 2K 0"), "'0' is no alpha: a number above 0 to 100");
  EXPECT_EQ(why_no_size("pareto 0 1"), "'0' is too small");
  EXPECT_EQ(why_no_size("1K-2G"), "'2G' is too large");
  EXPECT_EQ(why_no_size("1K-1"), "'1K-1' ends below where it begins");
}

}  // namespace
}  // namespace millrace
