#include <gtest/gtest.h>

#include "sink/rules/delay.h"

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;

TEST(DelayText, EveryFormIsRead) {
  EXPECT_EQ(parse_delay("1s"), fixed(1s));
  EXPECT_EQ(parse_delay("0.5"), fixed(500ms));
  EXPECT_EQ(parse_delay("0"), fixed(0s));
  EXPECT_EQ(parse_delay("1h"), fixed(kLongestDelay));
  EXPECT_EQ(parse_delay("1s-5s"), Delay(Uniform{ticks(1s), ticks(5s)}));
  EXPECT_EQ(parse_delay("2s-2s"), Delay(Uniform{ticks(2s), ticks(2s)}));
  EXPECT_EQ(parse_delay("exponential 2s"), Delay(Exponential{ticks(2s)}));
  EXPECT_EQ(parse_delay("lognormal  800ms 2.0"), Delay(Lognormal{ticks(800ms), 2}));
  EXPECT_EQ(parse_delay("lognormal 800ms 0"), Delay(Lognormal{ticks(800ms), 0}));
  EXPECT_EQ(parse_delay("pareto 100ms 1.5"), Delay(Pareto{ticks(100ms), 1.5}));
  EXPECT_EQ(parse_delay("{1}"), Delay(OfGroup{1}));
  EXPECT_EQ(parse_delay(" {9} "), Delay(OfGroup{9}));
}

TEST(DelayText, WhatIsNoneIsRefused) {
  for (const char* const text : {"",
                                 " ",
                                 "-1s",
                                 "1s-",
                                 "5s-1s",
                                 "1s - 5s",
                                 "1s 5s",
                                 "61m",
                                 "1s-2h",
                                 "exponential",
                                 "exponential 0",
                                 "exponential 2h",
                                 "exponential 1s 2",
                                 "lognormal 1s",
                                 "lognormal 0s 1",
                                 "lognormal 1s 11",
                                 "lognormal 1s x",
                                 "Lognormal 1s 1",
                                 "geometric 2s",
                                 "{1} {2}",
                                 "{0}",
                                 "{10}",
                                 "{a}",
                                 "{1",
                                 "1}",
                                 "a",
                                 "1s-5s-9s"}) {
    EXPECT_FALSE(parse_delay(text)) << text;
  }
}

}  // namespace
}  // namespace millrace::sink::rules
