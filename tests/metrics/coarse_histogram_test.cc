#include "metrics/coarse_histogram.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace::metrics {
namespace {

using namespace std::chrono_literals;

Histogram told(const CoarseHistogram& coarse) {
  Histogram histogram;
  coarse.add_to(histogram);
  return histogram;
}

TEST(CoarseHistogram, AValueIsToldAsAtMostASixteenthMoreThanItWas) {
  std::mt19937_64 random(1);
  Histogram told;
  for (int round = 0; round < 2'000; ++round) {
    const std::uint64_t value = random() % (std::uint64_t{1} << (random() % 32));
    CoarseHistogram coarse;
    coarse.record(std::chrono::microseconds(value));
    coarse.record(1h);  // else it would be the longest, which is known
    told.clear();
    coarse.add_to(told);
    const auto said = static_cast<double>(told.percentile(0.5));
    const auto real = static_cast<double>(value);
    ASSERT_GE(said, real);
    ASSERT_LE(said, real * 17 / 16 * 1.001 + 1);
  }
}

TEST(CoarseHistogram, TheLongestIsToldAsItWas) {
  CoarseHistogram coarse;
  coarse.record(10ms);
  coarse.record(1'001us);
  EXPECT_EQ(told(coarse).most(), Histogram::highest_of(Histogram::slot_of(10'000)));
  EXPECT_EQ(told(coarse).count(), 2U);
}

TEST(CoarseHistogram, TakesWhatIsNegativeAsNothingAndWhatIsTooLongAsAnHour) {
  CoarseHistogram coarse;
  coarse.record(-5s);
  coarse.record(5h);
  EXPECT_EQ(told(coarse).least(), 0U);
  EXPECT_EQ(told(coarse).count_at(Histogram::slot_of(Histogram::kMost)), 1U);
}

TEST(CoarseHistogram, TwoAreAdded) {
  CoarseHistogram one;
  CoarseHistogram other;
  one.record(1ms);
  other.record(1ms);
  other.record(7s);
  one.add(other);
  EXPECT_EQ(told(one).count(), 3U);
  EXPECT_EQ(told(one).most(), told(other).most());
  EXPECT_EQ(told(CoarseHistogram()).count(), 0U);
}

}  // namespace
}  // namespace millrace::metrics
