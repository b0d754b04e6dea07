#include "threads/quota_share.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace millrace::threads {
namespace {

class QuotaShareTest : public testing::Test {
 protected:
  // A worker that takes one, where it has to wait for it.
  std::thread worker() {
    return std::thread([this] { (share.take() ? taken : refused)++; });
  }
  // Waits until so many wait and nothing was asked for them yet.
  std::uint64_t asked_for(std::uint64_t waiting) {
    for (;;) {
      const auto asked = share.ask();
      if (asked && *asked >= waiting) return *asked;
      if (asked) share.answer(0);
      std::this_thread::yield();
    }
  }

  QuotaShare share;
  std::atomic<unsigned> taken = 0;
  std::atomic<unsigned> refused = 0;
};

TEST_F(QuotaShareTest, AsksAheadOfNeedAndOnlyOnce) {
  EXPECT_EQ(share.ask(), 0U);
  EXPECT_TRUE(share.asks());
  EXPECT_EQ(share.ask(), std::nullopt);
  share.answer(4);
  EXPECT_FALSE(share.asks());
  EXPECT_EQ(share.ask(), std::nullopt);
  EXPECT_TRUE(share.take());
  EXPECT_EQ(share.ask(), std::nullopt);
  EXPECT_TRUE(share.take());
  EXPECT_EQ(share.ask(), 0U);
  share.answer(0);
  EXPECT_EQ(share.ask(), std::nullopt);
}

TEST_F(QuotaShareTest, HasWaitersServedFirst) {
  std::thread one = worker();
  EXPECT_EQ(asked_for(1), 1U);
  share.answer(3);
  EXPECT_EQ(share.give_up(), 2U);
  one.join();
  EXPECT_EQ(taken, 1U);
  EXPECT_EQ(share.give_up(), 0U);
}

TEST_F(QuotaShareTest, GivesWhatIsGivenBackToWhoWaits) {
  std::thread one = worker();
  EXPECT_EQ(asked_for(1), 1U);
  share.give_back();
  one.join();
  EXPECT_EQ(taken, 1U);
  share.answer(1);
  EXPECT_TRUE(share.take());
  share.give_back();
  EXPECT_EQ(share.give_up(), 1U);
}

TEST_F(QuotaShareTest, RefusesThoseForWhomNothingIsLeft) {
  std::thread one = worker();
  EXPECT_EQ(asked_for(1), 1U);
  std::thread other = worker();
  share.answer(0);
  EXPECT_EQ(asked_for(1), 1U);
  share.answer(1);
  one.join();
  other.join();
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(taken, 1U);
}

TEST_F(QuotaShareTest, IsClosedForAll) {
  std::thread one = worker();
  EXPECT_EQ(asked_for(1), 1U);
  share.close();
  one.join();
  EXPECT_EQ(refused, 1U);
  EXPECT_FALSE(share.asks());
  EXPECT_EQ(share.ask(), std::nullopt);
  EXPECT_FALSE(share.take());
}

TEST_F(QuotaShareTest, IsExactOverThreads) {
  constexpr unsigned kThreads = 4;
  constexpr unsigned kQuota = 1'000;
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this] {
      while (share.take()) ++taken;
      ++refused;
    });
  }
  for (unsigned left = kQuota; refused < kThreads;) {
    if (!share.ask()) {
      std::this_thread::yield();
      continue;
    }
    const unsigned more = left < 7 ? left : 7;
    left -= more;
    share.answer(more);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, kQuota);
}

}  // namespace
}  // namespace millrace::threads
