// Load models where messages come back, with a made-up clock.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "made_up_load.h"
#include "proof/journal_reader.h"
#include "scratch_directory.h"
#include "silent_workload.h"
#include "source/sent_journal.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using When = Next::When;
using Numbers = std::vector<std::uint64_t>;

class RetryingLoadTest : public MadeUpLoad {
 protected:
  RetryingLoadTest() { retry_limit = 100; }

  [[nodiscard]] const metrics::Counters& counted() const { return measured().counters; }
};

TEST_F(RetryingLoadTest, InClosedLoopADueRetryGoesBeforeANewMessage) {
  closed({level(1, Stage::kEndless)}, 100, 1);
  MadeUpSender& only = sender(0);
  only.ask();
  only.fail(*retries);
  EXPECT_EQ(only.ask(), When::now);  // not due yet: a new one
  now += 1s;
  EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.messages, (Numbers{0, 1, 0}));
  EXPECT_EQ(only.arrival.attempt, 2U);
  EXPECT_EQ(only.arrival.intended, start);  // for the first time
  EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.messages.back(), 2U);
}

// Without that, four messages that nobody takes would be all that a run of four sessions ever
// sends.
TEST_F(RetryingLoadTest, InClosedLoopWhatAlwaysComesBackLetsNewMessagesBegin) {
  closed({level(1, Stage::kEndless)}, 4, 1);
  MadeUpSender& only = sender(0);
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(only.ask(), When::now);
    only.fail(*retries);
    now += 5s;
  }
  EXPECT_EQ(only.messages, (Numbers{0, 0, 1, 0, 2, 1, 3, 0, 2}));
}

TEST_F(RetryingLoadTest, InClosedLoopTheRunIsNotOverWhileAMessageMayComeBack) {
  closed({level(2, Stage::kEndless)}, 2, 2);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  first.ask();
  second.ask();
  EXPECT_TRUE(model->over(now));
  first.fail(*retries);
  EXPECT_FALSE(model->over(now));
  EXPECT_EQ(first.ask(), When::later);
  EXPECT_EQ(second.ask(), When::later);
  EXPECT_EQ(model->due(), start + 1s);
  pass(999ms);
  EXPECT_EQ(first.answers.size() + second.answers.size(), 4U);
  pass(1ms);
  // One has it; there is nothing left that the other could wait for.
  EXPECT_EQ(first.messages.size() + second.messages.size(), 3U);
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ((first.messages.size() == 2 ? second : first).answers.back(), When::never);
  EXPECT_FALSE(model->due());
}

TEST_F(RetryingLoadTest, InClosedLoopASenderBeginsWithItsOwnMessageWhateverCameBack) {
  closed({level(2, Stage::kEndless)}, 2, 2);
  MadeUpSender& first = sender(0);
  first.ask();
  first.fail(*retries);
  now += 5s;
  MadeUpSender& second = sender(1);
  EXPECT_EQ(second.ask(), When::now);
  EXPECT_EQ(second.ask(), When::now);
  EXPECT_EQ(second.messages, (Numbers{1, 0}));
}

TEST_F(RetryingLoadTest, InClosedLoopASenderWithoutAMessageOfItsOwnTakesOneThatCameBack) {
  closed({level(2, Stage::kEndless)}, 1, 2);
  MadeUpSender& first = sender(0);
  first.ask();
  first.fail(*retries);
  MadeUpSender& second = sender(1);
  EXPECT_EQ(second.ask(), When::later);
  pass(1s);
  EXPECT_EQ(second.messages, (Numbers{0}));
}

TEST_F(RetryingLoadTest, InClosedLoopNothingNewBeginsWhileTheQueueIsFull) {
  retry_limit = 2;
  closed({level(1, Stage::kEndless)}, 100, 1);
  MadeUpSender& only = sender(0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(only.ask(), When::now);
    only.fail(*retries);
  }
  EXPECT_EQ(only.ask(), When::later);
  pass(1s);
  EXPECT_EQ(only.messages, (Numbers{0, 1, 0}));
  EXPECT_EQ(counted().shed, 0U);
}

TEST_F(RetryingLoadTest, InClosedLoopThoseThatWaitForRoomGoOnWhenThereIs) {
  retry_limit = 1;
  closed({level(2, Stage::kEndless)}, 100, 2);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  first.ask();
  second.ask();
  first.fail(*retries);
  EXPECT_EQ(second.ask(), When::later);
  EXPECT_EQ(first.ask(), When::later);
  pass(1s);
  EXPECT_EQ(first.messages.size() + second.messages.size(), 4U);  // the old one, and a new one
}

TEST_F(RetryingLoadTest, InClosedLoopThoseThatWaitAreToldTheEnd) {
  closed({level(1, 10s)}, 1, 1);
  MadeUpSender& only = sender(0);
  now += 8500ms;
  only.ask();
  only.fail(*retries);
  EXPECT_EQ(only.ask(), When::later);
  retries->close();
  pass(0s);
  EXPECT_EQ(only.answers.back(), When::never);
}

TEST_F(RetryingLoadTest, InClosedLoopNothingComesBackThatIsDueAfterTheEnd) {
  closed({level(1, 10s)}, 1, 1);
  MadeUpSender& only = sender(0);
  now += 9s;
  only.ask();
  only.fail(*retries);
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(only.ask(), When::never);
  EXPECT_EQ(retries->size(), 1U);
}

TEST_F(RetryingLoadTest, InClosedLoopAFullQueueOfWhatIsDueAfterTheEndHoldsSendersUntilThen) {
  retry_limit = 1;
  closed({level(1, 10s)}, 100, 1);
  MadeUpSender& only = sender(0);
  now += 9500ms;
  only.ask();
  only.fail(*retries);
  EXPECT_EQ(only.ask(), When::later);
  EXPECT_EQ(model->due(), start + 10s);
  pass(500ms);
  EXPECT_EQ(only.answers.back(), When::never);
}

TEST_F(RetryingLoadTest, InClosedLoopARetryWaitsUntilTheLevelAllowsASender) {
  closed({{.name = "up", .length = 4s, .from = 0, .to = 4}, level(4, 10s)}, 100, 4);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  first.ask();
  second.ask();
  pass(1ms);
  first.fail(*retries);
  EXPECT_EQ(first.ask(), When::now);
  pass(998ms);
  EXPECT_TRUE(second.messages.empty());
  pass(500ms);
  EXPECT_EQ(second.messages.size(), 1U);
}

TEST_F(RetryingLoadTest, WindingUpEndsAllWaits) {
  closed({level(2, Stage::kEndless)}, 2, 2);
  MadeUpSender& first = sender(0);
  first.ask();
  sender(1).ask();
  first.fail(*retries);
  EXPECT_EQ(first.ask(), When::later);
  model->wind_up(now);
  EXPECT_EQ(first.answers.back(), When::never);
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(retries->size(), 1U);
  EXPECT_FALSE(model->due());
}

TEST_F(RetryingLoadTest, InOpenLoopRetriesAreOnTopOfTheArrivals) {
  open({level(1, 10s)}, 1'000);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  first.ask();
  first.fail(*retries);
  EXPECT_EQ(first.ask(), When::soon);
  EXPECT_EQ(second.ask(), When::soon);
  pass(1s);
  EXPECT_EQ(first.messages.size() + second.messages.size(), 3U);
  EXPECT_EQ(retries->size(), 0U);
  EXPECT_EQ(recorder->generator().late_starts, 0U);
}

TEST_F(RetryingLoadTest, InOpenLoopWhatWasDueFirstGoesFirst) {
  open({level(2, 10s)}, 1'000);
  MadeUpSender& only = sender(0);
  only.ask();
  now += 200ms;
  only.fail(*retries);  // due at 1200 ms, between two arrivals
  now += 2s;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.messages, (Numbers{0, 1, 2, 0, 3}));
}

TEST_F(RetryingLoadTest, InOpenLoopASenderThatWaitsIsWokenForARetry) {
  open({level(1, 10s)}, 1);
  MadeUpSender& first = sender(0);
  first.ask();
  now += 300ms;
  first.fail(*retries);
  EXPECT_EQ(first.ask(), When::soon);
  EXPECT_EQ(model->due(), start + 1300ms);
  EXPECT_FALSE(model->over(now));
  pass(1s);
  EXPECT_EQ(first.messages, (Numbers{0, 0}));
  EXPECT_EQ(first.arrival.intended, start);
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(first.ask(), When::never);
}

// It ends for all that wait; but what is still under way may come back.
TEST_F(RetryingLoadTest, InOpenLoopTheLastArrivalClosesNothing) {
  open({level(1, 10s)}, 1);
  MadeUpSender& first = sender(0);
  MadeUpSender& second = sender(1);
  EXPECT_EQ(second.ask(), When::now);
  EXPECT_EQ(first.ask(), When::never);
  model->dispatch(now);
  second.fail(*retries);
  EXPECT_EQ(second.ask(), When::soon);
  pass(1s);
  EXPECT_EQ(second.messages, (Numbers{0, 0}));
}

TEST_F(RetryingLoadTest, InOpenLoopOneWithRoomIsListedForARetry) {
  open({level(1, 10s)}, 2);
  MadeUpSender& only = sender(0);
  only.ask();
  only.fail(*retries);
  now += 500ms;
  EXPECT_EQ(only.ask(), When::soon);
  pass(500ms);  // both are due, and it has the one
  EXPECT_EQ(only.messages.size(), 2U);
  model->has_room(only, now);
  pass(0s);
  EXPECT_EQ(only.messages.size(), 3U);
}

TEST_F(RetryingLoadTest, WhatIsShedOrWasNotStartedIsNeverSent) {
  const tests::ScratchDirectory scratch;
  const tests::SilentWorkload workload(
      {}, [](std::uint64_t, std::size_t) { return std::string("x@d.test"); });
  SentJournal sent({.journal = scratch.path("journal")}, workload, false, 1);
  journal = &sent.of_worker(0);
  retry_limit = 1;
  open({level(10, 10s)}, 1'000);
  MadeUpSender& only = sender(0);
  only.ask();
  only.fail(*retries);
  EXPECT_EQ(only.ask(), When::soon);
  for (int i = 0; i < 3; ++i) pass(100ms);
  EXPECT_EQ(counted().shed, 3U);
  pass(700ms);
  EXPECT_EQ(only.messages, (Numbers{0, 0}));
  model->wind_up(now + 150ms);
  EXPECT_EQ(counted().shed, 10U);
  EXPECT_EQ(counted().unstarted, 1U);
  EXPECT_FALSE(journal->tell_left(1'000));
  EXPECT_EQ(sent.finish().lost, 0U);
  std::map<std::uint64_t, std::size_t> recipients;
  proof::JournalReader reader(scratch.path("journal"), proof::Side::sent);
  for (proof::SentRecord record; reader.next(record); ++recipients[record.message]) {
    EXPECT_EQ(record.outcome, proof::SentOutcome::never_sent);
  }
  std::map<std::uint64_t, std::size_t> all;
  for (std::uint64_t message = 1; message <= 11; ++message) all[message] = 3;
  EXPECT_EQ(recipients, all);
}

TEST_F(RetryingLoadTest, InOpenLoopArrivalsAreShedWhileTheQueueIsFull) {
  retry_limit = 2;
  open({level(10, 10s)}, 1'000);
  MadeUpSender& only = sender(0);
  only.ask();
  only.fail(*retries);
  EXPECT_EQ(only.ask(), When::soon);
  pass(100ms);
  only.fail(*retries);
  EXPECT_EQ(only.ask(), When::soon);
  for (int i = 0; i < 5; ++i) pass(100ms);
  EXPECT_EQ(only.messages, (Numbers{0, 1}));
  EXPECT_EQ(counted().shed, 5U);
  EXPECT_EQ(counted().failed(), 5U);
  EXPECT_EQ(counted().unstarted, 0U);
  pass(400ms);
  EXPECT_EQ(only.messages, (Numbers{0, 1, 0}));  // its place is free, and arrivals begin again
  EXPECT_EQ(only.ask(), When::soon);
  pass(90ms);
  EXPECT_EQ(only.messages.size(), 3U);
  pass(10ms);
  EXPECT_EQ(only.messages.size(), 4U);
}

TEST_F(RetryingLoadTest, InOpenLoopNothingComesBackThatIsDueAfterTheEnd) {
  open({level(1, 2s)}, 1'000);
  MadeUpSender& only = sender(0);
  only.ask();
  now += 1s;
  only.ask();
  only.fail(*retries);
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(only.ask(), When::never);
  EXPECT_EQ(retries->size(), 1U);
}

// As with arrivals: what was due before the end and found no sender may begin behind it.
TEST_F(RetryingLoadTest, InOpenLoopWhatWasDueBeforeTheEndMayBeginBehindIt) {
  open({level(1, 2s)}, 1);
  MadeUpSender& only = sender(0);
  only.ask();
  only.fail(*retries);
  now += 3s;
  EXPECT_FALSE(model->over(now));
  EXPECT_EQ(only.ask(), When::now);
  EXPECT_EQ(only.messages, (Numbers{0, 0}));
}

TEST_F(RetryingLoadTest, InOpenLoopWindingUpLeavesWhatWaits) {
  open({level(1, 10s)}, 1'000);
  MadeUpSender& only = sender(0);
  only.ask();
  only.fail(*retries);
  EXPECT_EQ(only.ask(), When::soon);
  model->wind_up(now + 500ms);
  EXPECT_EQ(only.answers.back(), When::never);
  now += 2s;
  EXPECT_TRUE(model->over(now));
  EXPECT_EQ(only.ask(), When::never);
  EXPECT_EQ(retries->size(), 1U);
}

}  // namespace
}  // namespace millrace::source
