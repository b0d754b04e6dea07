#include "mail/sizes.h"

#include <gtest/gtest.h>

#include <map>

#include "base/diagnostics.h"

namespace millrace::mail {
namespace {

std::map<std::uint64_t, unsigned> drawn(const Sizes& sizes) {
  std::map<std::uint64_t, unsigned> counts;
  Roll roll(1);
  for (unsigned count = 0; count < 10'000; ++count) ++counts[sizes.draw(roll)];
  return counts;
}

std::string refusal(std::string text) {
  try {
    static_cast<void>(Sizes::of(Csv(std::move(text), "sizes.csv")));
  } catch (const Fatal& fatal) {
    return fatal.what();
  }
  return "none";
}

TEST(Sizes, AreOfOneDistribution) {
  EXPECT_EQ(drawn(Sizes::of(Constant{1'000})),
            (std::map<std::uint64_t, unsigned>{{1'000, 10'000}}));
  EXPECT_EQ(drawn(Sizes::of(Uniform{5, 7})).size(), 3U);
}

TEST(Sizes, AreOfSeveralByWeight) {
  std::string why;
  const std::vector<double> weights{3, 0, 1};
  const auto sizes = Sizes::of({Constant{10}, Constant{20}, Uniform{30, 31}}, weights, why);
  ASSERT_TRUE(sizes) << why;
  auto counts = drawn(*sizes);
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_NEAR(counts[10], 7'500, 200);
  EXPECT_NEAR(counts[30], 1'250, 150);
}

TEST(Sizes, AreNoLargerThanTheLargest) {
  EXPECT_EQ(drawn(Sizes::of(Constant{1e300})).begin()->first, Sizes::kLargest);
}

TEST(Sizes, NeedWeights) {
  std::string why;
  EXPECT_FALSE(Sizes::of({Constant{1}}, std::vector<double>{0}, why));
  EXPECT_FALSE(why.empty());
}

TEST(Sizes, AreThoseOfAHistogram) {
  auto counts = drawn(Sizes::of(Csv("what,count,size\nx,1,100\ny,0,7\nz,3,2K\n", "x")));
  EXPECT_EQ(counts.size(), 2U);
  EXPECT_NEAR(counts[100], 2'500, 200);
  EXPECT_NEAR(counts[2'048], 7'500, 200);
}

TEST(Sizes, OfAHistogramAreRefusedWithTheLine) {
  EXPECT_EQ(refusal("size,n\n1,2\n"), "sizes.csv:1: no column 'count' (expected size and count)");
  EXPECT_EQ(refusal("bytes,count\n1,2\n"),
            "sizes.csv:1: no column 'size' (expected size and count)");
  EXPECT_EQ(refusal("size,count\n1,2\nx,2\n"),
            "sizes.csv:3: bad size: 'x' (expected bytes, at most 1G)");
  EXPECT_EQ(refusal("size,count\n2G,2\n"),
            "sizes.csv:2: bad size: '2G' (expected bytes, at most 1G)");
  EXPECT_EQ(refusal("size,count\n1,-2\n"),
            "sizes.csv:2: bad count: '-2' (expected a number up to 1000000000000000)");
  EXPECT_NE(refusal("size,count\n1,0\n2,0\n").find("sizes.csv: "), std::string::npos);
  EXPECT_EQ(refusal("size,count\n1,1\n"), "none");
}

}  // namespace
}  // namespace millrace::mail
