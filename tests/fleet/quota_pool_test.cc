#include "fleet/quota_pool.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace millrace::fleet {
namespace {

using Answers = std::vector<QuotaPool::Answer>;
using Ranks = std::vector<unsigned>;

TEST(QuotaPool, GivesOneRankAll) {
  QuotaPool pool(1'000, 1);
  pool.ask(0, 0);
  EXPECT_EQ(pool.answers(), (Answers{{0, 1'000}}));
}

TEST(QuotaPool, GivesSmallerPartsTheLessIsLeft) {
  QuotaPool pool(800, 4);
  for (unsigned rank = 0; rank < 3; ++rank) pool.ask(rank, 0);
  EXPECT_EQ(pool.answers(), (Answers{{0, 100}, {1, 87}, {2, 76}}));
  EXPECT_EQ(pool.answers(), Answers());
  EXPECT_EQ(pool.recalls(), Ranks());
}

TEST(QuotaPool, GivesThoseWhoWaitAllTheyNeed) {
  QuotaPool pool(10, 4);
  pool.ask(1, 7);
  pool.ask(2, 7);
  EXPECT_EQ(pool.answers(), (Answers{{1, 7}, {2, 3}}));
}

TEST(QuotaPool, AsksAllBackBeforeAnybodyIsRefused) {
  QuotaPool pool(3, 3);
  pool.ask(0, 0);
  pool.ask(1, 0);
  pool.ask(2, 0);
  EXPECT_EQ(pool.answers(), (Answers{{0, 1}, {1, 1}, {2, 1}}));
  pool.ask(2, 2);
  EXPECT_TRUE(pool.is_busy());
  EXPECT_EQ(pool.answers(), Answers());
  EXPECT_EQ(pool.recalls(), (Ranks{0, 1, 2}));
  pool.returned(2, 0);
  pool.returned(0, 1);
  EXPECT_EQ(pool.answers(), Answers());
  pool.returned(1, 0);
  EXPECT_EQ(pool.answers(), (Answers{{2, 1}}));
  EXPECT_FALSE(pool.is_busy());
  pool.ask(2, 1);
  EXPECT_EQ(pool.recalls(), (Ranks{1, 2})) << "rank 0 has returned all that it had";
  for (unsigned rank = 1; rank < 3; ++rank) pool.returned(rank, 0);
  EXPECT_EQ(pool.answers(), (Answers{{2, 0}}));
}

TEST(QuotaPool, LetsWhoAsksAheadGoWithoutAnything) {
  QuotaPool pool(1, 2);
  pool.ask(0, 1);
  pool.ask(1, 0);
  EXPECT_EQ(pool.answers(), (Answers{{0, 1}, {1, 0}}));
  EXPECT_EQ(pool.recalls(), Ranks());
}

TEST(QuotaPool, KeepsWhatIsReturnedForThoseWhoWaited) {
  QuotaPool pool(4, 3);
  pool.ask(0, 4);
  pool.ask(1, 1);
  EXPECT_EQ(pool.recalls(), (Ranks{0}));
  pool.ask(2, 5);
  pool.ask(0, 0);
  EXPECT_EQ(pool.answers(), (Answers{{0, 4}, {0, 0}}));
  pool.returned(0, 3);
  EXPECT_EQ(pool.answers(), (Answers{{1, 1}}));
  EXPECT_EQ(pool.recalls(), (Ranks{0, 1}));
  pool.returned(0, 0);
  pool.returned(1, 0);
  EXPECT_EQ(pool.answers(), (Answers{{2, 2}}));
}

TEST(QuotaPool, TakesNoMoreBackThanItHasGiven) {
  QuotaPool pool(4, 2);
  pool.ask(0, 3);
  pool.returned(0, 5);
  pool.ask(1, 10);
  EXPECT_EQ(pool.answers(), (Answers{{0, 3}, {1, 4}}));
}

// Ranks of which each takes as it likes, and letters that take their time.
TEST(QuotaPool, IsExactWhateverRanksDo) {
  std::mt19937 random(1);
  for (unsigned run = 0; run < 200; ++run) {
    const unsigned ranks = 1 + run % 5;
    const std::uint64_t quota = random() % 60;
    QuotaPool pool(quota, ranks);
    std::vector<std::uint64_t> unused(ranks);
    std::uint64_t taken = 0;
    std::vector<bool> refused(ranks);
    std::vector<bool> asking(ranks);
    std::vector<Ranks> recalls(ranks);
    unsigned over = 0;
    for (unsigned step = 0; over < ranks; ++step) {
      ASSERT_LT(step, 100'000U);
      const auto rank = static_cast<unsigned>(random() % ranks);
      if (!recalls[rank].empty()) {
        recalls[rank].pop_back();
        pool.returned(rank, std::exchange(unused[rank], 0));
      } else if (unused[rank] > 0 && !refused[rank]) {
        --unused[rank];
        ++taken;
      } else if (!asking[rank] && !refused[rank]) {
        asking[rank] = true;
        pool.ask(rank, 1);
      }
      for (const auto& [to, more] : pool.answers()) {
        asking[to] = false;
        // Its waiter is served before anything is given up.
        if (more > 0) ++taken;
        if (more > 0) unused[to] += more - 1;
        if (more > 0 || refused[to]) continue;
        refused[to] = true;
        ++over;
      }
      for (const unsigned to : pool.recalls()) recalls[to].push_back(0);
      ASSERT_LE(taken, quota);
    }
    EXPECT_EQ(taken, quota);
  }
}

}  // namespace
}  // namespace millrace::fleet
