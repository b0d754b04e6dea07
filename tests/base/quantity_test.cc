#include "base/quantity.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, TimesHaveUnitsOrAreSeconds) {
  EXPECT_EQ(duration("2"), 2s);
  EXPECT_EQ(duration("0.5"), 500ms);
  EXPECT_EQ(duration("0.3"), 300ms);
  EXPECT_EQ(duration("250us"), 250us);
  EXPECT_EQ(duration("500ms"), 500ms);
  EXPECT_EQ(duration("2s"), 2s);
  EXPECT_EQ(duration("1.5m"), 90s);
  EXPECT_EQ(duration("1h"), 3'600s);
  EXPECT_EQ(duration("0"), 0s);
  EXPECT_EQ(duration("8784h"), 366 * 24h);  // a year, and it may be a leap year
}

TEST(Quantity, WhatIsNoneIsRefused) {
  for (const char* const text : {"", "s", "ms", "-1", "+1", "1e3", "0x10", "1 s", "1d", "1ss",
                                 "1.2.3", ".", "inf", "nan", "8784.1h", "99999999999999h"}) {
    EXPECT_FALSE(duration(text)) << text;
  }
  EXPECT_FALSE(per_second("1/d"));
  EXPECT_FALSE(per_second("/s"));
  EXPECT_FALSE(decimal("1,5"));
}

TEST(Quantity, SharesAreOfOneOrOfAHundred) {
  EXPECT_DOUBLE_EQ(*share("0.1%"), 0.001);
  EXPECT_DOUBLE_EQ(*share("100%"), 1);
  EXPECT_DOUBLE_EQ(*share("0.25"), 0.25);
  EXPECT_DOUBLE_EQ(*share("1"), 1);
  for (const char* const text : {"", "%", "101%", "1.1", "-1%", "x%", "5%%"}) {
    EXPECT_FALSE(share(text)) << text;
  }
}

TEST(Quantity, SizesAreOf1024) {
  EXPECT_EQ(byte_size("0"), 0U);
  EXPECT_EQ(byte_size("5000"), 5'000U);
  EXPECT_EQ(byte_size("10K"), 10'240U);
  EXPECT_EQ(byte_size("3m"), 3U << 20);
  EXPECT_EQ(byte_size("17179869183G"), 17'179'869'183ULL << 30);
  for (const char* const text : {"", "K", "1KK", "-1", "1.5M", "1 K", "1T", "17179869184G"}) {
    EXPECT_FALSE(byte_size(text)) << text;
  }
}

TEST(Quantity, RatesAreGivenASecond) {
  EXPECT_EQ(per_second("500/s"), 500);
  EXPECT_EQ(per_second("500"), 500);
  EXPECT_DOUBLE_EQ(*per_second("30/m"), 0.5);
  EXPECT_DOUBLE_EQ(*per_second("1800/h"), 0.5);
}

}  // namespace
}  // namespace millrace
