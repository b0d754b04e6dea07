#include "metrics/histogram.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
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

TEST(Histogram, AShareThatIsAWholeRankIsThatRank) {
  Histogram histogram;
  for (int value = 1; value <= 1'000; ++value) histogram.record(microseconds(value));
  EXPECT_EQ(histogram.percentile(0.999), 999U);
  EXPECT_EQ(histogram.percentile(99.9 / 100), 999U);  // a little more, in binary
  EXPECT_EQ(histogram.percentile(0.9991), 1'000U);
  EXPECT_EQ(histogram.percentile(0.0001), 1U);
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

TEST(Histogram, TheMeanIsThatOfTheMiddlesOfSlots) {
  Histogram histogram;
  histogram.record(microseconds(1));
  histogram.record(microseconds(2));
  EXPECT_DOUBLE_EQ(histogram.mean(), 1.5);
  histogram.record(microseconds(4'001));  // with 4,000 in one slot
  EXPECT_DOUBLE_EQ(histogram.mean(), 4'003.5 / 3);
  histogram.record(microseconds(9'000));  // to 9,007
  histogram.record(microseconds(9'001));
  EXPECT_DOUBLE_EQ(histogram.mean(), (4'003.5 + 2 * 9'003.5) / 5);
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

TEST(Histogram, TakesThePagesItUses) {
  Histogram histogram;
  EXPECT_EQ(histogram.pages(), 0U);
  histogram.count_at(511, 1);
  EXPECT_EQ(histogram.pages(), 1U);
  histogram.count_at(0, 1);
  EXPECT_EQ(histogram.pages(), 1U);
  histogram.count_at(512, 1);
  histogram.count_at(Histogram::kSlots - 1, 1);
  EXPECT_EQ(histogram.pages(), 3U);
}

TEST(Histogram, IsEmptyAndOfUseOnceCleared) {
  Histogram histogram = histogram_of(latencies(1'000, 3));
  histogram.clear();
  expect_same(histogram, Histogram());
  histogram.record(microseconds(7));
  EXPECT_EQ(histogram.percentile(1), 7U);
  EXPECT_EQ(histogram.most(), 7U);
}

TEST(Codec, WhatIsEncodedIsDecoded) {
  for (const std::size_t count : {0U, 1U, 10U, 100'000U}) {
    const Histogram histogram = histogram_of(latencies(count, 4));
    const auto decoded = decode(encode(histogram));
    ASSERT_TRUE(decoded) << count;
    expect_same(*decoded, histogram);
  }
}

TEST(Codec, WhatIsDecodedReplacesWhatWasThere) {
  Histogram small;
  small.record(microseconds(5));
  Histogram large;
  large.record(std::chrono::hours(1));
  Histogram again;
  for (const Histogram* const one : {&large, &small, &large}) {
    EXPECT_TRUE(decode(encode(*one), again));
    expect_same(again, *one);
  }
  EXPECT_FALSE(decode("HISTFAAA", again));
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

TEST(Codec, DamagedTextIsRefused) {
  const Histogram histogram = histogram_of(latencies(1'000, 5));
  const std::string good = encode(histogram);
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(decode(good.substr(0, cut))) << cut;
  }
  std::mt19937 random(6);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    // Bits of the padding may differ, and a letter may have been put back; nothing else passes.
    const auto decoded = decode(bad);
    if (decoded) {
      ASSERT_NO_FATAL_FAILURE(expect_same(*decoded, histogram)) << bad;
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 19'000);
}

// A histogram whose counts are these bytes, packed as encode() does.
std::string packed(std::string_view counts) {
  const auto put = [](std::string& out, std::uint64_t number, unsigned bytes) {
    while (bytes-- > 0) out += static_cast<char>(number >> (8 * bytes));
  };
  std::string plain;
  put(plain, 0x1c849313, 4);
  put(plain, counts.size(), 4);
  put(plain, 0, 4);
  put(plain, 3, 4);
  put(plain, 1, 8);
  put(plain, Histogram::kMost, 8);
  put(plain, 0x3ff0000000000000, 8);
  plain += counts;
  std::string compressed(compressBound(plain.size()), '\0');
  uLongf length = compressed.size();
  compress(reinterpret_cast<Bytef*>(compressed.data()), &length,
           reinterpret_cast<const Bytef*>(plain.data()), plain.size());
  std::string whole;
  put(whole, 0x1c849314, 4);
  put(whole, length, 4);
  whole += compressed.substr(0, length);
  std::string text(4 * ((whole.size() + 2) / 3) + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),
      reinterpret_cast<const unsigned char*>(whole.data()), static_cast<int>(whole.size()))));
  return text;
}

// A number as the counts are written: ZigZag LEB128 of at most nine bytes.
std::string number(std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  std::string bytes;
  for (; bytes.size() < 8 && rest >= 0x80; rest >>= 7) bytes += static_cast<char>(rest | 0x80);
  return bytes + static_cast<char>(rest);
}

TEST(Codec, ReadsCountsAndRunsOfNoughts) {
  constexpr auto kLast = static_cast<std::int64_t>(Histogram::kSlots) - 1;
  const auto decoded = decode(packed(number(3) + number(-2) + number(0) + number(300)));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->count(), 303U);
  EXPECT_EQ(decoded->count_at(0), 3U);
  EXPECT_EQ(decoded->count_at(4), 300U);
  const auto at_the_end = decode(packed(number(-kLast) + number(std::int64_t{1} << 53)));
  ASSERT_TRUE(at_the_end);
  EXPECT_EQ(at_the_end->count_at(Histogram::kSlots - 1), std::uint64_t{1} << 53);
  EXPECT_TRUE(decode(packed("")));
}

TEST(Codec, CountsThatCannotBeAreRefused) {
  constexpr auto kSlots = static_cast<std::int64_t>(Histogram::kSlots);
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  for (const std::string& counts :
       {std::string("\x80"), std::string(8, '\xff'),       // cut short
        number(-kSlots) + number(1), number(-kSlots - 1),  // behind the last slot
        number(-kSlots) + number(-kSlots) + number(1), number(kLeast), number(kMost + 1),
        number(kMost) + number(1), number(std::numeric_limits<std::int64_t>::max())}) {
    EXPECT_FALSE(decode(packed(counts))) << testing::PrintToString(counts);
  }
}

}  // namespace
}  // namespace millrace::metrics
