#include "cli/retry_value.h"

#include <gtest/gtest.h>

#include <string>

#include "base/diagnostics.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;
using source::RetryPolicy;

std::string refusal(const std::string& text) {
  try {
    retry_policy(text, "--retry");
  } catch (const Fatal& error) {
    return error.what();
  }
  return "taken";
}

TEST(RetryValue, IsReadInItsLongForm) {
  const RetryPolicy policy = retry_policy("first 30s, factor 2.5, most 20m, give up 3h", "--retry");
  EXPECT_EQ(policy.first, 30s);
  EXPECT_EQ(policy.factor, 2.5);
  EXPECT_EQ(policy.most, 20min);
  EXPECT_EQ(policy.give_up, 3h);
  EXPECT_EQ(policy.retries, RetryPolicy::kUnlimited);
}

TEST(RetryValue, PartsMayStandInAnyOrder) {
  const RetryPolicy policy = retry_policy("give up 5s ,first\t1", "--retry");
  EXPECT_EQ(policy.first, 1s);
  EXPECT_EQ(policy.give_up, 5s);
}

TEST(RetryValue, OnlyTheFirstWaitHasToBeGiven) {
  const RetryPolicy policy = retry_policy("first 100ms", "--retry");
  EXPECT_EQ(policy.first, 100ms);
  EXPECT_EQ(policy.factor, 2);
  EXPECT_EQ(policy.most, 10min);
  EXPECT_EQ(policy.give_up, 1h);
}

TEST(RetryValue, WhatIsNotGivenFollowsALongFirstWait) {
  const RetryPolicy policy = retry_policy("first 2h", "--retry");
  EXPECT_EQ(policy.most, 2h);
  EXPECT_EQ(policy.give_up, 2h);
}

TEST(RetryValue, IsReadInItsShortForm) {
  const RetryPolicy policy = retry_policy("5x1.5s", "--retry");
  EXPECT_EQ(policy.first, 1500ms);
  EXPECT_EQ(policy.factor, 1);
  EXPECT_EQ(policy.retries, 5U);
  EXPECT_EQ(policy.give_up, RetryPolicy::kYear);
}

TEST(RetryValue, WhatIsWrongIsNamed) {
  const std::string form =
      " (--retry: expected first TIME, factor NUMBER, most TIME, give up TIME, or 5x1s)";
  for (const char* const part : {"5",          "x",
                                 "0x1s",       "-1x1s",
                                 "5x",         "5x0",
                                 "5x-1s",      "1000001x1s",
                                 "5 x 1s",     "second 1s",
                                 "first",      "first 0",
                                 "first 1us",  "first x",
                                 "factor 0.5", "factor 1001",
                                 "factor nan", "factor inf",
                                 "give up",    "up 1s",
                                 "giveup 1s",  "first 30s factor 2",
                                 "most"}) {
    EXPECT_EQ(refusal(part), "bad retries: " + std::string(part) + form);
  }
  EXPECT_EQ(refusal("first 1s, first 2s"), "bad retries: first 2s" + form);
  EXPECT_EQ(refusal("first 1s, most 5"), "taken");
  EXPECT_EQ(refusal("factor 2, most 1m"),
            "bad retries: factor 2, most 1m (--retry: expected when the first is: first TIME)");
  EXPECT_EQ(refusal("first 2s, most 1s"),
            "bad retries: first 2s, most 1s (--retry: the longest wait is shorter than the first)");
  EXPECT_EQ(
      refusal("first 2s, give up 1s"),
      "bad retries: first 2s, give up 1s (--retry: it would be given up before the first one)");
  EXPECT_EQ(refusal("first 1s,"), "bad list: first 1s, (--retry: an item is empty)");
  EXPECT_EQ(refusal(""), "bad list:  (--retry: an item is empty)");
}

}  // namespace
}  // namespace millrace::cli
