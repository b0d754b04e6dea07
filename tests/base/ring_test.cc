#include "base/ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace millrace {
namespace {

TEST(Ring, IsAQueueHoweverItGrowsAndTurns) {
  std::mt19937 random(3);
  for (int run = 0; run < 50; ++run) {
    Ring<int> ring;
    std::deque<int> expected;
    const unsigned of_ten = 4 + random() % 4;
    for (int step = 0; step < 300; ++step) {
      if (random() % 10 < of_ten) {
        ring.push_back(step);
        expected.push_back(step);
      } else if (!expected.empty()) {
        ring.pop_front();
        expected.pop_front();
      }
      ASSERT_EQ(ring.empty(), expected.empty());
      ASSERT_EQ(ring.size(), expected.size());
      for (std::size_t place = 0; place < expected.size(); ++place) {
        ASSERT_EQ(ring[place], expected[place]);
      }
      if (expected.empty()) continue;
      ASSERT_EQ(ring.front(), expected.front());
      ASSERT_EQ(ring.back(), expected.back());
    }
  }
}

TEST(Ring, TakesWhatComesWhereSomethingWent) {
  Ring<int> ring;
  ring.push_back(0);
  ring.push_back(1);
  const int* const place = &ring.front();
  for (int number = 2; number < 100; ++number) {
    ring.pop_front();
    ring.push_back(number);
    EXPECT_EQ(ring.front(), number - 1);
  }
  EXPECT_EQ(place, &ring.front());
}

TEST(Ring, KeepsItsMemoryWhenItIsCleared) {
  Ring<int> ring;
  for (const int number : {1, 2, 3}) ring.push_back(number);
  const int* const place = &ring.front();
  ring.pop_front();
  ring.clear();
  EXPECT_TRUE(ring.empty());
  ring.push_back(4);
  EXPECT_EQ(ring.size(), 1U);
  EXPECT_EQ(ring.front(), 4);
  EXPECT_EQ(place, &ring.front());
}

}  // namespace
}  // namespace millrace
