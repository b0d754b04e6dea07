#include "source/retry_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kDue{1h};

TEST(RetryPolicy, EachWaitIsSoManyTimesTheOneBeforeUpToTheLongest) {
  const RetryPolicy policy{.first = 30s, .factor = 2, .most = 10min};
  std::vector<Duration> waits;
  for (unsigned attempts = 1; attempts <= 7; ++attempts)
    waits.push_back(policy.wait_after(attempts));
  EXPECT_EQ(waits, (std::vector<Duration>{30s, 1min, 2min, 4min, 8min, 10min, 10min}));
}

TEST(RetryPolicy, AFactorThatIsNotWholeIsPrecise) {
  const RetryPolicy policy{.first = 1s, .factor = 1.5};
  EXPECT_EQ(policy.wait_after(2), 1500ms);
  EXPECT_EQ(policy.wait_after(3), 2250ms);
}

TEST(RetryPolicy, WithoutAFactorAllWaitsAreAlike) {
  const RetryPolicy policy{.first = 1s};
  for (const unsigned attempts : {1U, 2U, 1'000'000U}) EXPECT_EQ(policy.wait_after(attempts), 1s);
}

TEST(RetryPolicy, NoWaitOverflows) {
  const RetryPolicy policy{.first = 30s, .factor = 1'000};
  EXPECT_EQ(policy.wait_after(5), RetryPolicy::kYear);
  EXPECT_EQ(policy.wait_after(RetryPolicy::kUnlimited), RetryPolicy::kYear);
}

TEST(RetryPolicy, AWaitBeginsWhenTheAttemptIsOver) {
  const RetryPolicy policy{.first = 30s, .factor = 2, .most = 10min};
  EXPECT_EQ(policy.next(kDue, 1, kDue + 5s), kDue + 35s);
  EXPECT_EQ(policy.next(kDue, 2, kDue + 40s), kDue + 100s);
}

TEST(RetryPolicy, GivesUpWhatWouldBeDueTooLateAfterItWasDueFirst) {
  const RetryPolicy policy{.first = 30s, .give_up = 1min};
  EXPECT_EQ(policy.next(kDue, 1, kDue + 30s), kDue + 60s);  // to the last moment
  EXPECT_FALSE(policy.next(kDue, 1, kDue + 30s + 1ns));
}

TEST(RetryPolicy, GivesUpAfterSoManyRetries) {
  const RetryPolicy policy{.first = 1s, .retries = 5};
  EXPECT_EQ(policy.next(kDue, 5, kDue + 5s), kDue + 6s);  // the sixth attempt is the fifth retry
  EXPECT_FALSE(policy.next(kDue, 6, kDue + 6s));
}

}  // namespace
}  // namespace millrace::source
