#include "metrics/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "metrics/codec.h"

namespace millrace::metrics {
namespace {

using std::chrono::microseconds;

// Latencies as they are met: most of them short, some very long.
std::vector<std::uint64_t> latencies(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> any(7, 2.5);
  std::vector<std::uint64_t> values(count);
  for (std::uint64_t& value : values) {
    value = std::min(static_cast<std::uint64_t>(any(random)), Histogram::kMost);
  }
  return values;
}

Histogram histogram_of(const std::vector<std::uint64_t>& values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(microseconds(value));
  return histogram;
}

void expect_same(const Histogram& a, const Histogram& b) {
  ASSERT_EQ(a.count(), b.count());
  for (std::size_t slot = 0; slot < Histogram::kSlots; ++slot) {
    ASSERT_EQ(a.count_at(slot), b.count_at(slot)) << slot;
  }
}

TEST(Histogram, PercentilesAgreeWithSortingToThreeDigits) {
  std::vector<std::uint64_t> values = latencies(1'000'000, 1);
  const Histogram histogram = histogram_of(values);
  std::sort(values.begin(), values.end());
  for (const double share : {0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 1.0}) {
    const double rank = std::max(1.0, std::ceil(share * 1e6));
    const auto exact = static_cast<double>(values[static_cast<std::size_t>(rank) - 1]);
    const auto found = static_cast<double>(histogram.percentile(share));
    EXPECT_GE(found, exact) << share;
    EXPECT_LE(found, exact * 1.001 + 1) << share;
  }
  double sum = 0;
  for (const std::uint64_t value : values) sum += static_cast<double>(value);
  EXPECT_NEAR(histogram.mean() / (sum / 1e6), 1, 0.001);
  EXPECT_EQ(histogram.count(), 1'000'000U);
}

TEST(Histogram, EverySlotHoldsItsOwnValuesAndNoOthers) {
  for (std::size_t slot = 0; slot <= Histogram::slot_of(Histogram::kMost); ++slot) {
    ASSERT_EQ(Histogram::slot_of(Histogram::lowest_of(slot)), slot);
    if (slot > 0) {
      ASSERT_EQ(Histogram::lowest_of(slot), Histogram::highest_of(slot - 1) + 1);
    }
    const auto width =
        static_cast<double>(Histogram::highest_of(slot) - Histogram::lowest_of(slot));
    ASSERT_LE(width, static_cast<double>(Histogram::lowest_of(slot)) / 1'000) << slot;
  }
}

TEST(Histogram, WhatIsOutOfRangeIsKeptAtItsEnds) {
  Histogram histogram;
  histogram.record(microseconds(-5));
  histogram.record(std::chrono::nanoseconds(999));
  histogram.record(std::chrono::hours(5));
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.count_at(0), 2U);
  EXPECT_EQ(histogram.least(), 0U);
  EXPECT_GE(histogram.most(), Histogram::kMost);
  EXPECT_LE(histogram.most(), Histogram::kMost * 1'001 / 1'000);
}

TEST(Histogram, AnEmptyOneSaysNothing) {
  const Histogram histogram;
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.percentile(0.5), 0U);
  EXPECT_EQ(histogram.least(), 0U);
  EXPECT_EQ(histogram.most(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.used_slots(), 0U);
}

TEST(Histogram, PartsAddUpToTheWhole) {
  const std::vector<std::uint64_t> values = latencies(100'000, 2);
  Histogram sum;
  for (std::size_t part = 0; part < 7; ++part) {
    Histogram of_part;
    for (std::size_t i = part; i < values.size(); i += 7) of_part.record(microseconds(values[i]));
    sum.add(of_part);
  }
  expect_same(sum, histogram_of(values));
}

TEST(Histogram, IsEmptyAndOfUseOnceCleared) {
  Histogram histogram = histogram_of(latencies(1'000, 3));
  histogram.clear();
  expect_same(histogram, Histogram());
  histogram.record(microseconds(7));
  EXPECT_EQ(histogram.percentile(1), 7U);
}

TEST(Codec, WhatIsEncodedIsDecoded) {
  for (const std::size_t count : {0U, 1U, 10U, 100'000U}) {
    const Histogram histogram = histogram_of(latencies(count, 4));
    const auto decoded = decode(encode(histogram));
    ASSERT_TRUE(decoded) << count;
    expect_same(*decoded, histogram);
  }
}

TEST(Codec, LargeCountsSurvive) {
  Histogram histogram;
  for (unsigned bits = 0; bits < 50; ++bits) {
    histogram.count_at(3 * bits, (std::uint64_t{1} << bits) + 1);
  }
  const auto decoded = decode(encode(histogram));
  ASSERT_TRUE(decoded);
  expect_same(*decoded, histogram);
}

TEST(Codec, DamagedTextIsRefusedOrHarmless) {
  const std::string good = encode(histogram_of(latencies(1'000, 5)));
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(decode(good.substr(0, cut))) << cut;
  }
  std::mt19937 random(6);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    if (const auto decoded = decode(bad)) {
      EXPECT_LE(decoded->percentile(1), Histogram::highest_of(Histogram::kSlots - 1));
    }
  }
}

}  // namespace
}  // namespace millrace::metrics
