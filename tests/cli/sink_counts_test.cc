#include "cli/sink_counts.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{1'000s};

fleet::RankState told(const SinkCounts& counts, Duration ago) {
  fleet::RankState rank;
  rank.counts = to_letter(counts);
  rank.counted = kNow - ago;
  return rank;
}

TEST(SinkCounts, ComeAsTheyWere) {
  const SinkCounts nobody{.sessions = 1, .quits = 2, .messages = 3};
  EXPECT_EQ(read_counts(to_letter(nobody)), nobody);
  const SinkCounts idle{.messages = 3, .busy = true, .quiet = 5s};
  EXPECT_EQ(read_counts(to_letter(idle)), idle);
}

TEST(SinkCounts, OfAnotherTextAreNone) {
  for (const char* const text : {"", "1 2 3 0", "1 2 3 0 x", "1 2 x 0 -", "-"}) {
    EXPECT_EQ(read_counts(text), std::nullopt) << text;
  }
}

TEST(SinkCounts, AreWhatASinkSaysOfItself) {
  const sink::SinkState state{
      .totals = {.sessions = 3, .quits = 2, .messages = 5}, .busy = true, .last_end = kNow - 4s};
  EXPECT_EQ(counts_of(state, kNow),
            (SinkCounts{.sessions = 3, .quits = 2, .messages = 5, .busy = true, .quiet = 4s}));
  EXPECT_EQ(counts_of({}, kNow), SinkCounts{});
}

TEST(SinkCounts, AddUp) {
  const SinkCounts all =
      count_all({.sessions = 1, .quits = 1, .messages = 1, .quiet = 9s},
                {{},
                 told({.sessions = 10, .quits = 0, .messages = 20, .quiet = 2s}, 3s),
                 told({.sessions = 100, .busy = true}, 1s)},
                kNow);
  EXPECT_EQ(all,
            (SinkCounts{.sessions = 111, .quits = 1, .messages = 21, .busy = true, .quiet = 5s}));
  EXPECT_EQ(all.shown(), "sess=111 quit=1 mesg=21");
}

TEST(SinkCounts, ReachAQuotaTogether) {
  const SinkCounts all{.quits = 4, .messages = 7};
  EXPECT_FALSE(reached({}, all));
  EXPECT_TRUE(reached({.messages = 7}, all));
  EXPECT_FALSE(reached({.messages = 8}, all));
  EXPECT_TRUE(reached({.messages = 8, .quits = 4}, all));
  EXPECT_FALSE(reached({.quits = 5}, all));
}

TEST(SinkCounts, AreIdleWhenAllAre) {
  const SinkGoal goal{.idle = 5s};
  EXPECT_FALSE(reached(goal, {}));
  EXPECT_TRUE(reached(goal, {.quiet = 5s}));
  EXPECT_FALSE(reached(goal, {.quiet = 4s}));
  EXPECT_FALSE(reached(goal, {.busy = true, .quiet = 6s}));
}

}  // namespace
}  // namespace millrace::cli
