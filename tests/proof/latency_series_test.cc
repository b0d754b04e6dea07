#include "proof/latency_series.h"

#include <gtest/gtest.h>

namespace millrace::proof {
namespace {

using namespace std::chrono_literals;

TEST(LatencySeries, HasARowASecondWhereThatDoes) {
  LatencySeries series;
  series.record(3, 10ms);
  series.record(3, 30ms);
  series.record(1'023, 5ms);
  const auto rows = series.rows();
  EXPECT_EQ(series.row_seconds(), 1U);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].second, 3U);
  EXPECT_EQ(rows[0].count, 2U);
  EXPECT_NEAR(static_cast<double>(rows[0].p50), 10'000, 650);
  EXPECT_NEAR(static_cast<double>(rows[0].most), 30'000, 30);
  EXPECT_EQ(rows[1].second, 1'023U);
}

TEST(LatencySeries, MakesRowsLongerWhereThereWouldBeTooMany) {
  LatencySeries series;
  for (std::size_t second = 0; second < 5'000; ++second) series.record(second, 1ms);
  EXPECT_EQ(series.row_seconds(), 8U);
  const auto rows = series.rows();
  ASSERT_EQ(rows.size(), 625U);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    EXPECT_EQ(rows[row].second, row * 8);
    EXPECT_EQ(rows[row].count, 8U);
  }
}

TEST(LatencySeries, TakesTheLastSecondOfTwoWeeks) {
  LatencySeries series;
  series.record(0, 1ms);
  series.record(14 * 86'400 - 1, 2ms);
  const auto rows = series.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_LE(rows.back().second / series.row_seconds(), LatencySeries::kMostRows);
}

}  // namespace
}  // namespace millrace::proof
