#include "report/compare_capacity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/compare.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using Meaning = Change::Meaning;
using test::message_of;

report::Run searched(double level) {
  report::Run run;
  run.capacity = Capacity{.objective = {"p99<250ms"},
                          .level = level,
                          .confirmed = level > 0,
                          .limited_by = Capacity::Limit::server,
                          .limited_at = level * 1.05 + 1,
                          .resolution = 0.05};
  return run;
}

TEST(CompareCapacity, WhatBothSearchesLeaveOpenIsNoise) {
  const auto meaning = [](double base, double next) {
    return compare({searched(base)}, {searched(next)}).changes.at(0).meaning;
  };
  EXPECT_EQ(meaning(1'000, 1'000), Meaning::noise);
  EXPECT_EQ(meaning(1'000, 1'100), Meaning::noise);
  EXPECT_EQ(meaning(1'000, 1'110), Meaning::better);
  EXPECT_EQ(meaning(1'110, 1'000), Meaning::worse);
  EXPECT_EQ(meaning(1'000, 0), Meaning::worse);
  EXPECT_EQ(meaning(0, 1'000), Meaning::better);
  EXPECT_EQ(meaning(0, 0), Meaning::noise);
}

TEST(CompareCapacity, IsTheOnlyLineOfRunsThatSearchedOne) {
  const Comparison comparison = compare({searched(1'000)}, {searched(500)});
  EXPECT_EQ(describe(comparison, {}),
            R"(                     base        new   change  95% of medians          p
capacity         1000.0/s    500.0/s   -50.0%                             WORSE

Told from noise by what searches leave open: a smaller --resolution tells more.
)");
  ASSERT_EQ(comparison.regressions(0.05).size(), 1U);
  EXPECT_TRUE(comparison.regressions(0.6).empty());
}

TEST(CompareCapacity, OfThreeRunsOrMoreIsToldFromChance) {
  const Comparison comparison = compare({searched(1'000), searched(1'010), searched(1'020)},
                                        {searched(1'140), searched(1'150), searched(1'160)});
  EXPECT_EQ(comparison.changes.at(0).meaning, Meaning::better);
  EXPECT_NE(describe(comparison, {})
                .find("\nTold from noise by what searches leave open, and from chance by 3 and 3 "
                      "runs (Mann-Whitney): a smaller --resolution tells more.\n"),
            std::string::npos);
  // What the searches leave open comes first.
  EXPECT_EQ(compare({searched(566), searched(566), searched(566)},
                    {searched(563), searched(563), searched(563)})
                .changes.at(0)
                .meaning,
            Meaning::noise);
  EXPECT_EQ(compare({searched(1'000), searched(1'010), searched(1'020)},
                    {searched(1'040), searched(1'000), searched(1'000)})
                .changes.at(0)
                .meaning,
            Meaning::noise);
}

TEST(CompareCapacity, IsNotKnownWhereTheGeneratorWasTheLimit) {
  report::Run limited = searched(500);
  limited.capacity->limited_by = Capacity::Limit::generator;
  const Comparison comparison = compare({searched(1'000)}, {limited});
  EXPECT_EQ(comparison.changes.at(0).meaning, Meaning::unclear);
  EXPECT_NE(describe(comparison, {}).find("not known"), std::string::npos);
  report::Run unconfirmed = searched(500);
  unconfirmed.capacity->confirmed = false;
  EXPECT_EQ(compare({unconfirmed}, {searched(1'000)}).changes.at(0).meaning, Meaning::unclear);
  // However many there are: chance is asked of none.
  const std::string several = describe(compare({unconfirmed, unconfirmed, unconfirmed},
                                               {searched(1'000), searched(1'000), searched(1'000)}),
                                       {});
  EXPECT_NE(several.find("not known"), std::string::npos);
  EXPECT_EQ(several.find("--resolution"), std::string::npos) << several;
  EXPECT_EQ(several.find("Mann-Whitney"), std::string::npos);
}

TEST(CompareCapacity, IsOfTheSameOrRefused) {
  EXPECT_EQ(message_of([] { compare({searched(1'000)}, {report::Run{}}); }),
            "runs that searched a capacity can only be compared with each other");
  report::Run other = searched(1'000);
  other.capacity->objective = {"p50<1s", "errors<1%"};
  EXPECT_EQ(
      message_of([&] { compare({searched(1'000)}, {other}); }),
      "these capacities are not of the same: the highest rate with p99<250ms, and the highest "
      "rate with p50<1s, errors<1%");
}

}  // namespace
}  // namespace millrace::report
