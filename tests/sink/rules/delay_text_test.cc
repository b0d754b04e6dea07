#include <gtest/gtest.h>

#include "sink/rules/delay.h"

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;

template <typename Kind>
Kind parsed(std::string_view text) {
  const auto delay = parse_delay(text);
  const auto* kind = delay ? std::get_if<Kind>(&*delay) : nullptr;
  EXPECT_NE(kind, nullptr) << text;
  return kind == nullptr ? Kind{} : *kind;
}

TEST(DelayText, EveryFormIsRead) {
  EXPECT_EQ(parsed<Fixed>("1s").length, 1s);
  EXPECT_EQ(parsed<Fixed>("0.5").length, 500ms);
  EXPECT_EQ(parsed<Fixed>("0").length, 0s);
  EXPECT_EQ(parsed<Fixed>("1h").length, kLongestDelay);
  EXPECT_EQ(parsed<Uniform>("1s-5s").least, 1s);
  EXPECT_EQ(parsed<Uniform>("1s-5s").most, 5s);
  EXPECT_EQ(parsed<Uniform>("2s-2s").most, 2s);
  EXPECT_EQ(parsed<Exponential>("exponential 2s").mean, 2s);
  EXPECT_EQ(parsed<Lognormal>("lognormal  800ms 2.0").median, 800ms);
  EXPECT_EQ(parsed<Lognormal>("lognormal 800ms 2.0").sigma, 2.0);
  EXPECT_EQ(parsed<Lognormal>("lognormal 800ms 0").sigma, 0.0);
  EXPECT_EQ(parsed<OfGroup>("{1}").group, 1U);
  EXPECT_EQ(parsed<OfGroup>("{9}").group, 9U);
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
