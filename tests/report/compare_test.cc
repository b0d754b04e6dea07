#include "report/compare.h"

#include <gtest/gtest.h>

#include <vector>

#include "sample_run.h"

namespace millrace::report {
namespace {

using test::sample_run;

TEST(Compare, TellsChangesFromNoise) {
  const std::vector<report::Run> base = {sample_run(10, 5, 1), sample_run(10, 5, 2),
                                         sample_run(10, 5, 3)};
  const std::vector<report::Run> same = {sample_run(10, 5, 4), sample_run(10, 5, 2),
                                         sample_run(10, 5, 5)};
  const std::vector<report::Run> slow = {sample_run(10, 7, 6), sample_run(10, 7, 7),
                                         sample_run(10, 7, 8)};
  EXPECT_TRUE(compare(base, same).regressions(0.05).empty());
  const Comparison slower = compare(base, slow);
  EXPECT_FALSE(slower.by_second);
  ASSERT_EQ(slower.regressions(0.05).size(), 5U);  // the mean and four percentiles
  EXPECT_NEAR(slower.regressions(0.05)[0]->loss, 0.4, 0.05);
  EXPECT_TRUE(slower.regressions(0.5).empty());
  EXPECT_TRUE(compare(slow, base).regressions(0.05).empty());  // faster is no regression
  const std::string text = describe(slower, {});
  EXPECT_NE(text.find("WORSE"), std::string::npos);
  EXPECT_NE(describe(compare(slow, base), {}).find("better"), std::string::npos);
}

TEST(Compare, OfSingleRunsUsesTheirSeconds) {
  const Comparison comparison = compare({sample_run(10, 5, 1)}, {sample_run(10, 8, 2)});
  EXPECT_TRUE(comparison.by_second);
  EXPECT_EQ(comparison.base_values, 10U);
  EXPECT_EQ(comparison.regressions(0.05).size(), 5U);
}

TEST(Compare, OfTooLittleLetsTheLimitAloneDecide) {
  const Comparison comparison = compare({sample_run(2, 5, 1)}, {sample_run(2, 8, 2)});
  EXPECT_EQ(comparison.changes[2].meaning, Change::Meaning::unclear);
  EXPECT_EQ(comparison.regressions(0.05).size(), 5U);
  EXPECT_TRUE(comparison.regressions(1).empty());
}

}  // namespace
}  // namespace millrace::report
