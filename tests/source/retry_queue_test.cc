#include "source/retry_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

class RetryQueueTest : public testing::Test {
 protected:
  bool put_back(std::uint64_t message, Duration failed, unsigned attempt = 2) {
    return queue.put_back({.message = message, .intended = kStart, .attempt = attempt},
                          kStart + failed);
  }

  const RetryPolicy policy{.first = 10s, .factor = 2, .give_up = 1h};
  RetryQueue queue{policy, 3, kStart + 30min};
};

TEST_F(RetryQueueTest, HasNothingBeforeSomethingCameBack) {
  EXPECT_FALSE(queue.due());
  EXPECT_FALSE(queue.ready(kStart + 1h));
  EXPECT_FALSE(queue.full());
  EXPECT_TRUE(queue.left().empty());
}

TEST_F(RetryQueueTest, GivesTheEarliestFirstAndOfEqualsTheLowerNumber) {
  EXPECT_TRUE(put_back(4, 1s));
  EXPECT_TRUE(put_back(3, 1s, 3));  // waits twice as long
  EXPECT_TRUE(put_back(5, 0s));
  EXPECT_TRUE(put_back(2, 1s));
  EXPECT_EQ(queue.due(), kStart + 10s);
  EXPECT_FALSE(queue.ready(kStart + 10s - 1ns));
  EXPECT_TRUE(queue.ready(kStart + 10s));
  std::vector<std::uint64_t> order;
  while (queue.size() > 0) order.push_back(queue.take().message);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{5, 2, 4, 3}));
}

TEST_F(RetryQueueTest, WhatComesOutIsWhatWentIn) {
  queue.put_back({.message = 7,
                  .intended = kStart - 1s,
                  .attempt = 3,
                  .remains = {.in_doubt = true, .taken = kStart, .recipients = {1, 4}}},
                 kStart);
  const Arrival arrival = queue.take();
  EXPECT_EQ(arrival.message, 7U);
  EXPECT_EQ(arrival.intended, kStart - 1s);
  EXPECT_EQ(arrival.attempt, 3U);
  EXPECT_TRUE(arrival.remains.in_doubt);
  EXPECT_EQ(arrival.remains.taken, kStart);
  EXPECT_EQ(arrival.remains.recipients, (std::vector<std::uint32_t>{1, 4}));
}

TEST_F(RetryQueueTest, WhatThePolicyGivesUpDoesNotWait) {
  EXPECT_FALSE(put_back(1, 59min + 51s));
  EXPECT_EQ(queue.size(), 0U);
}

TEST_F(RetryQueueTest, IsFullAtItsLimitAndTakesWhatIsUnderWayAllTheSame) {
  for (std::uint64_t message = 0; message < 3; ++message) {
    EXPECT_FALSE(queue.full());
    EXPECT_TRUE(put_back(message, 0s));
  }
  EXPECT_TRUE(queue.full());
  EXPECT_TRUE(put_back(3, 0s));
  EXPECT_EQ(queue.size(), 4U);
  queue.take();
  EXPECT_TRUE(queue.full());
  queue.take();
  EXPECT_FALSE(queue.full());
}

TEST_F(RetryQueueTest, NothingComesOutThatIsDueAtTheEndOrLater) {
  put_back(1, 30min - 10s);
  EXPECT_FALSE(queue.due());
  EXPECT_FALSE(queue.ready(kStart + 1h));
  put_back(2, 30min - 10s - 1ns);
  EXPECT_TRUE(queue.ready(kStart + 1h));
  EXPECT_EQ(queue.take().message, 2U);
  EXPECT_EQ(queue.left().size(), 1U);
}

TEST_F(RetryQueueTest, AClosedOneKeepsWhatComesBack) {
  put_back(1, 0s);
  queue.close();
  put_back(2, 0s);
  EXPECT_FALSE(queue.due());
  const std::vector<Arrival> left = queue.left();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].message + left[1].message, 3U);
  EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace millrace::source
