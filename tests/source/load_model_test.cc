#include "source/load_model.h"

#include <gtest/gtest.h>

#include <vector>

#include "made_up_load.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using When = Next::When;

using LoadModelTest = MadeUpLoad;

TEST_F(LoadModelTest, ClosedLoopGivesEachSenderItsOwnNumberAndThenTheNext) {
  closed({level(2, Stage::kEndless)}, 5, 2);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  EXPECT_EQ(second.ask(), When::now);
  EXPECT_EQ(second.ask(), When::now);
  EXPECT_EQ(first.ask(), When::now);
  EXPECT_EQ(first.intended.back(), now);
  now += 3s;
  EXPECT_EQ(first.ask(), When::now);
  EXPECT_FALSE(model->over(now));
  EXPECT_EQ(second.ask(), When::now);
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(first.ask(), When::never);
  EXPECT_EQ(first.messages, (std::vector<std::uint64_t>{0, 3}));
  EXPECT_EQ(second.messages, (std::vector<std::uint64_t>{1, 2, 4}));
  EXPECT_EQ(first.intended, (std::vector<TimePoint>{start, start + 3s}));
}

TEST_F(LoadModelTest, ClosedLoopHasNothingForASenderBeyondTheLastMessage) {
  closed({level(3, Stage::kEndless)}, 2, 3);
  EXPECT_EQ(sender(2).ask(), When::never);
  EXPECT_EQ(sender(1).ask(), When::now);
}

TEST_F(LoadModelTest, ClosedLoopEndsByTheClock) {
  closed({level(1, 2s)}, 100, 1);
  MadeUpSender& only = sender(0);
  EXPECT_EQ(only.ask(), When::now);
  now += 2s;
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(only.ask(), When::never);
}

TEST_F(LoadModelTest, ClosedLoopLetsSendersInAsTheLevelRises) {
  closed({{.name = "ramp", .length = 4s, .from = 0, .to = 4}, level(1, 2s)}, 100, 4);
  for (std::uint64_t number = 0; number < 4; ++number) {
    EXPECT_EQ(sender(number).ask(), When::later);
  }
  EXPECT_TRUE(senders[0]->messages.empty());
  pass(1ms);
  EXPECT_EQ(senders[0]->messages.size(), 1U);
  EXPECT_TRUE(senders[1]->messages.empty());
  EXPECT_EQ(*model->due(), start + 1s + 1ns);
  pass(2100ms);
  EXPECT_EQ(senders[1]->messages.size(), 1U);
  EXPECT_EQ(senders[2]->messages.size(), 1U);
  EXPECT_EQ(senders[3]->answers.size(), 1U);  // not yet asked again
  pass(2s);
  // The level has fallen to one: only the first goes on, the others wait in vain.
  EXPECT_EQ(senders[0]->ask(), When::now);
  EXPECT_EQ(senders[1]->ask(), When::never);
}

TEST_F(LoadModelTest, ClosedLoopTellsThoseWhoWaitThatItWindsUp) {
  closed({{.name = "ramp", .length = 10s, .from = 0, .to = 2}}, 100, 2);
  EXPECT_EQ(sender(0).ask(), When::later);
  EXPECT_EQ(sender(1).ask(), When::later);
  pass(1s);
  EXPECT_EQ(senders[0]->answers.back(), When::now);
  EXPECT_EQ(senders[1]->answers.size(), 1U);
  model->wind_up(now);
  EXPECT_EQ(senders[1]->answers, (std::vector<When>{When::later, When::never}));
  EXPECT_EQ(senders[0]->ask(), When::never);
  EXPECT_TRUE(model->over(now));
  EXPECT_FALSE(model->due());
  EXPECT_EQ(measured().counters.unstarted, 0U);
}

TEST_F(LoadModelTest, OpenLoopHasMessagesDueWhateverTheSendersDo) {
  open({level(10, 1s)}, 1'000);
  MadeUpSender& only = sender(0);
  EXPECT_EQ(only.ask(), When::now);  // the first is due at once
  EXPECT_EQ(only.ask(), When::soon);
  EXPECT_EQ(*model->due(), start + 100ms);
  pass(99ms);
  EXPECT_EQ(only.messages.size(), 1U);
  pass(1ms);
  EXPECT_EQ(only.messages.size(), 2U);
  // It was busy for a while: what was due then is late, and says when it was due.
  now += 250ms;
  EXPECT_FALSE(model->due());  // nobody waits
  EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.intended.back(), start + 300ms);
  EXPECT_EQ(only.ask(), When::soon);
  EXPECT_EQ(only.messages, (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_FALSE(model->over(now));
}

TEST_F(LoadModelTest, OpenLoopEndsWithItsScheduleAndSaysSoToThoseWhoWait) {
  open({level(2, 1s)}, 1'000);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  EXPECT_EQ(first.ask(), When::now);
  EXPECT_EQ(first.ask(), When::soon);
  EXPECT_EQ(second.ask(), When::soon);
  pass(250ms);
  model->dispatch(now);  // nothing is due, and nothing ends
  EXPECT_EQ(first.answers.size(), 2U);
  EXPECT_EQ(second.answers.size(), 1U);
  pass(250ms);
  // The one that waited last has the last message; the other is told that there are no more.
  EXPECT_EQ(second.answers, (std::vector<When>{When::soon, When::now}));
  EXPECT_EQ(first.answers.back(), When::never);
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(second.ask(), When::never);
}

TEST_F(LoadModelTest, OpenLoopEndsWithTheLastMessage) {
  open({level(1'000, Stage::kEndless)}, 3);
  MadeUpSender& only = sender(0);
  now += 1s;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.ask(), When::never);
}

TEST_F(LoadModelTest, OpenLoopTakesEachNthArrival) {
  open({level(10, 1s)}, 1'000, 1, 3);
  MadeUpSender& only = sender(1);
  now += 1s;
  while (only.ask() == When::now) continue;
  EXPECT_EQ(only.messages, (std::vector<std::uint64_t>{1, 4, 7}));
  EXPECT_EQ(only.intended.back(), start + 700ms);
}

TEST_F(LoadModelTest, ClosedLoopHasWorkersTakeFromOneAnother) {
  closed({level(2, Stage::kEndless)}, 4, 2);
  ClosedLoop other(*shared);
  MadeUpSender& here = sender(0);
  MadeUpSender there(other, now, 1);
  EXPECT_EQ(here.ask(), When::now);
  EXPECT_EQ(there.ask(), When::now);
  EXPECT_EQ(there.ask(), When::now);
  EXPECT_EQ(here.ask(), When::now);
  EXPECT_EQ(there.messages, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(here.messages, (std::vector<std::uint64_t>{0, 3}));
  EXPECT_TRUE(model->over(now));
  EXPECT_TRUE(other.over(now));
}

TEST_F(LoadModelTest, OpenLoopOfManyWorkersHasEachRandomArrivalOnce) {
  load.pattern = ArrivalPattern::poisson;
  load.seed = 7;
  open({level(1'000, 1s)}, 1'000'000, 0, 2);
  OpenLoop other(*shared, 1, 2, {});
  OpenLoop all(*shared, 0, 1, {});
  MadeUpSender& even = sender(0);
  MadeUpSender odd(other, now, 1);
  MadeUpSender every(all, now, 0);
  now += 1s;
  for (MadeUpSender* who : {&even, &odd, &every}) {
    while (who->ask() == When::now) continue;
  }
  EXPECT_EQ(even.messages.size() + odd.messages.size(), every.messages.size());
  for (std::size_t i = 0; i < every.messages.size(); ++i) {
    const MadeUpSender& who = i % 2 == 0 ? even : odd;
    ASSERT_EQ(who.messages[i / 2], i);
    ASSERT_EQ(who.intended[i / 2], every.intended[i]);
  }
}

TEST_F(LoadModelTest, OpenLoopPassesOverOneThatIsBusyAfterAll) {
  open({level(10, 1s)}, 1'000);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  EXPECT_EQ(first.ask(), When::now);
  EXPECT_EQ(first.ask(), When::soon);
  model->has_room(second, now);
  first.busy = second.busy = true;
  pass(100ms);
  EXPECT_EQ(first.messages.size(), 1U);
  EXPECT_FALSE(model->due());  // nobody is left to be told
  first.busy = false;
  EXPECT_EQ(first.ask(), When::now);
  EXPECT_EQ(first.intended.back(), start + 100ms);
}

TEST_F(LoadModelTest, OpenLoopWindsUpThoseWhoWaitWhateverIsStillToCome) {
  open({level(10, 1h)}, 1'000'000);
  MadeUpSender& idle = sender(0);
  MadeUpSender& with_room = sender(1);
  EXPECT_EQ(with_room.ask(), When::now);
  model->has_room(with_room, now);
  EXPECT_EQ(idle.ask(), When::soon);
  now += 50ms;
  model->wind_up(now);
  EXPECT_EQ(idle.answers, (std::vector<When>{When::soon, When::never}));
  EXPECT_EQ(with_room.answers, (std::vector<When>{When::now, When::never}));
  EXPECT_TRUE(model->over(now));
  EXPECT_FALSE(model->due());
  EXPECT_EQ(measured().counters.unstarted, 0U);  // nothing was due
  model->has_room(with_room, now);               // too late to be told of anything
  EXPECT_FALSE(model->due());
}

TEST_F(LoadModelTest, OpenLoopPrefersTheIdleToThoseWithRoom) {
  open({level(10, 1s)}, 1'000);
  MadeUpSender& with_room = sender(0);
  MadeUpSender& idle = sender(1);
  EXPECT_EQ(with_room.ask(), When::now);
  model->has_room(with_room, now);
  model->has_room(with_room, now);  // told twice, listed once
  EXPECT_EQ(idle.ask(), When::soon);
  pass(200ms);
  EXPECT_EQ(idle.messages, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(with_room.messages, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_FALSE(model->due());
}

TEST_F(LoadModelTest, WhatWasDueAndNeverStartedHasFailed) {
  load.seed = 1;
  Stage warm_up = level(10, 1s);
  warm_up.measured = false;
  open({warm_up, level(100, 1s)}, 1'000);
  MadeUpSender& only = sender(0);
  EXPECT_EQ(only.ask(), When::now);
  now += 1500ms;
  model->wind_up(now);
  // Of the ten of the warm-up nine were left, and 51 were due in the half second behind it.
  EXPECT_EQ(measured(0).counters.unstarted, 9U);
  EXPECT_EQ(measured(1).counters.unstarted, 51U);
  EXPECT_EQ(measured(0).counters.failed(), 9U);
  // They have waited from when they were due.
  EXPECT_EQ(measured(1).failed.count(), 51U);
  EXPECT_EQ(measured(1).failed.least(), 0U);
  EXPECT_NEAR(static_cast<double>(measured(1).failed.most()), 500'000, 500);
  EXPECT_NEAR(static_cast<double>(measured(0).failed.most()), 1'400'000, 1'400);
  EXPECT_EQ(recorder->last_over(), now);
  EXPECT_EQ(only.ask(), When::never);
  now += 1s;
  model->wind_up(now);  // once
  EXPECT_EQ(measured(1).counters.unstarted, 51U);
}

TEST_F(LoadModelTest, AnArrivalIsLateOnlyWhereASenderWasFree) {
  open({level(10, 1s)}, 1'000);
  MadeUpSender& only = sender(0);
  EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.ask(), When::soon);
  pass(130ms);  // 30 ms late, and it was ours to begin
  EXPECT_EQ(recorder->generator().late_starts, 1U);
  EXPECT_NEAR(static_cast<double>(recorder->generator().start_lag.most()), 30'000, 30);
  now += 270ms;  // busy until then: the wait is the server's
  EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(recorder->generator().late_starts, 1U);
}

TEST_F(LoadModelTest, ClosedLoopWakesTheEarliestFirst) {
  closed({{.name = "ramp", .length = 4s, .from = 0, .to = 4}}, 100, 4);
  for (const std::uint64_t number : {3, 1, 2, 0}) EXPECT_EQ(sender(number).ask(), When::later);
  EXPECT_EQ(*model->due(), start + 1ns);
  pass(1500ms);
  EXPECT_EQ(senders[3]->messages.size(), 1U);
  EXPECT_EQ(senders[1]->messages.size(), 1U);
  EXPECT_TRUE(senders[0]->messages.empty());
  EXPECT_TRUE(senders[2]->messages.empty());
  EXPECT_EQ(*model->due(), start + 2s + 1ns);
}

TEST_F(LoadModelTest, OpenLoopLetsASenderWaitAgain) {
  open({level(10, 1s)}, 1'000);
  MadeUpSender& only = sender(0);
  EXPECT_EQ(only.ask(), When::now);
  for (std::size_t messages = 2; messages < 5; ++messages) {
    EXPECT_EQ(only.ask(), When::soon);
    pass(100ms);
    EXPECT_EQ(only.messages.size(), messages);
  }
  for (std::size_t messages = 5; messages < 8; ++messages) {
    model->has_room(only, now);
    pass(100ms);
    EXPECT_EQ(only.messages.size(), messages);
  }
}

// A second one that is free does not make the first one's arrival less late.
TEST_F(LoadModelTest, AnArrivalIsLateFromWhenTheFirstWasFree) {
  open({level(10, 1s)}, 1'000);
  MadeUpSender& busy = sender(0);
  EXPECT_EQ(busy.ask(), When::now);
  EXPECT_EQ(sender(1).ask(), When::soon);
  now += 110ms;
  model->has_room(busy, now);
  pass(20ms);
  EXPECT_NEAR(static_cast<double>(recorder->generator().start_lag.most()), 30'000, 30);
}

}  // namespace
}  // namespace millrace::source
