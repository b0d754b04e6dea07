#include "source/split_recorder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "silent_workload.h"
#include "source/recorder.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using metrics::MessageCounts;

using tests::SilentWorkload;

// Recipient r of each message.
std::string quoted_address(std::uint64_t /*message*/, std::size_t recipient) {
  return fmt::format("\"x>@y\"@D{}.Test", recipient);
}

SharedLoad load_of(std::vector<Stage> schedule) {
  Load load;
  load.schedule = std::move(schedule);
  return {load, 100, 1};
}

class SplitRecorderTest : public testing::Test {
 protected:
  SplitRecorderTest() { load.begin(start); }

  MessageInFlight begun(std::uint64_t message, TimePoint intended) {
    MessageInFlight in_flight{.message = message, .intended = intended};
    recorder.started(in_flight, intended);
    return in_flight;
  }

  metrics::Measurement told() {
    metrics::Measurement whole;
    splits.tell(whole);
    return whole;
  }

  const SilentWorkload workload{{.kinds = true, .domains = true, .senders = true}, quoted_address};
  const TimePoint start{1h};
  SharedLoad load =
      load_of({{.name = "warm-up", .length = 1s, .from = 1, .to = 1, .measured = false},
               {.name = "run", .from = 1, .to = 1}});
  SplitRecorder splits{workload, load, false};
  Recorder recorder{load.schedule(), start, &splits};
  const TimePoint due = start + 2s;
};

const metrics::SplitRow<MessageCounts>& row(const std::optional<metrics::MessageSplit>& split,
                                            const std::string& name) {
  for (const auto& row : split->rows) {
    if (row.name == name) return row;
  }
  ADD_FAILURE() << "no " << name;
  return split->others;
}

TEST_F(SplitRecorderTest, AMessageCountsForItsKindAndItsSenderAsItDoesForTheRun) {
  for (std::uint64_t message = 0; message < 6; ++message) {
    recorder.over(begun(message, due), message == 5 ? 0 : 3, due + 10ms);
  }
  recorder.lost(begun(6, due), due + 1s);
  recorder.unfinished(begun(7, due), due + 1s);
  recorder.given_up(begun(8, due), {.in_doubt = true}, 3, due + 1s);
  recorder.waiting({.message = 9, .intended = due}, due + 1s);
  recorder.shed(due, due + 1s);
  const metrics::Measurement whole = told();
  const metrics::Counters& total = recorder.stages()[1].counters;
  EXPECT_EQ(total.delivered, 5U);
  ASSERT_EQ(whole.kinds->rows.size(), 2U);
  ASSERT_EQ(whole.senders->rows.size(), 3U);
  for (const auto* const split : {&*whole.kinds, &*whole.senders}) {
    MessageCounts sum = split->others.counts;
    metrics::Histogram latency;
    for (const auto& one : split->rows) {
      sum.add(one.counts);
      latency.add(one.latency);
    }
    for (const auto& counter : metrics::kMessageCountNames) {
      EXPECT_EQ(sum.counters.*counter.counter, total.*counter.counter) << counter.name;
    }
    EXPECT_EQ(latency.count(), total.delivered);
    EXPECT_EQ(sum.all(), 10U);
  }
  EXPECT_EQ(row(whole.kinds, "even").counts.counters.delivered, 3U);
  EXPECT_EQ(row(whole.kinds, "odd").counts.counters.refused, 1U);
  EXPECT_EQ(row(whole.kinds, "even").counts.counters.in_doubt, 1U);
  EXPECT_EQ(row(whole.senders, "<>").counts.counters.delivered, 2U);
  EXPECT_EQ(row(whole.senders, "s2@a.test").counts.counters.refused, 1U);
  EXPECT_EQ(row(whole.kinds, "even").latency.most(), recorder.stages()[1].intended.most());
}

TEST_F(SplitRecorderTest, WhatIsDueInTheWarmUpIsLeftOut) {
  recorder.over(begun(0, start), 3, due);
  recorder.lost(begun(1, start), due);
  Delivery delivery;
  delivery.begin(0, 1, 3);
  delivery.intended = start;
  delivery.content_sent = 7;
  splits.delivered(delivery, workload, due);
  const metrics::Measurement whole = told();
  EXPECT_TRUE(whole.kinds->rows.empty());
  EXPECT_TRUE(whole.senders->rows.empty());
  EXPECT_TRUE(whole.domains->rows.empty());
}

Delivery delivery_of(std::vector<Fate> fates, TimePoint intended) {
  Delivery delivery;
  delivery.begin(0, 1, fates.size());
  delivery.intended = intended;
  delivery.kind = "even";
  delivery.content_sent = 7;
  for (std::size_t i = 0; i < fates.size(); ++i) delivery.recipients[i].fate = fates[i];
  return delivery;
}

TEST_F(SplitRecorderTest, ARecipientCountsForItsDomain) {
  splits.delivered(delivery_of({Fate::accepted, Fate::deferred, Fate::refused}, due), workload,
                   due + 10ms);
  splits.delivered(delivery_of({Fate::accepted, Fate::lost, Fate::in_doubt}, due), workload,
                   due + 20ms);
  const metrics::Measurement whole = told();
  ASSERT_EQ(whole.domains->rows.size(), 3U);
  const auto& rows = whole.domains->rows;
  EXPECT_EQ(rows[0].name, "d0.test");
  EXPECT_EQ(rows[0].counts.accepted, 2U);
  EXPECT_EQ(rows[0].latency.count(), 2U);
  EXPECT_NEAR(static_cast<double>(rows[0].latency.most()), 20'000, 20);
  EXPECT_EQ(rows[1].name, "d1.test");
  EXPECT_EQ(rows[1].counts.deferred, 1U);
  EXPECT_EQ(rows[1].counts.lost, 1U);
  EXPECT_TRUE(rows[1].latency.empty());
  EXPECT_EQ(rows[2].counts.refused, 1U);
  EXPECT_EQ(rows[2].counts.in_doubt, 1U);
  EXPECT_EQ(row(whole.kinds, "even").counts.content_bytes, 14U);
}

// Or the domains would add up to more than the run.
TEST_F(SplitRecorderTest, WhomALostMessageWasTakenForIsLostAsWellUnlessItComesBack) {
  for (const bool retries : {false, true}) {
    for (const Delivery::Ending ending : {Delivery::Ending::lost, Delivery::Ending::abandoned}) {
      SplitRecorder recorder_of_it(workload, load, retries);
      Delivery delivery = delivery_of({Fate::accepted, Fate::lost}, due);
      delivery.ending = ending;
      recorder_of_it.delivered(delivery, workload, due);
      metrics::Measurement whole;
      recorder_of_it.tell(whole);
      const bool counts = retries && ending == Delivery::Ending::lost;
      EXPECT_EQ(whole.domains->rows[0].counts.accepted, counts ? 1U : 0U);
      EXPECT_EQ(whole.domains->rows[0].counts.lost, counts ? 0U : 1U);
    }
  }
}

TEST_F(SplitRecorderTest, OnlyWhatDiffersIsSplit) {
  const SilentWorkload plain({}, quoted_address);
  EXPECT_FALSE(SplitRecorder::splits(plain));
  EXPECT_TRUE(SplitRecorder::splits(workload));
  const SilentWorkload kinds({.kinds = true}, quoted_address);
  SplitRecorder of_kinds(kinds, load, false);
  of_kinds.taken(0, due, due);
  of_kinds.delivered(delivery_of({Fate::accepted}, due), kinds, due);
  metrics::Measurement whole;
  of_kinds.tell(whole);
  EXPECT_EQ(whole.kinds->rows.size(), 1U);
  EXPECT_FALSE(whole.domains);
  EXPECT_FALSE(whole.senders);
}

TEST_F(SplitRecorderTest, ThoseOfTwoThreadsAreAdded) {
  SplitRecorder other(workload, load, false);
  for (const std::uint64_t message : {0U, 1U, 3U}) other.taken(message, due, due + 1ms);
  splits.taken(0, due, due + 1ms);
  splits.take(other);
  const metrics::Measurement whole = told();
  EXPECT_EQ(row(whole.kinds, "even").counts.counters.delivered, 2U);
  EXPECT_EQ(row(whole.senders, "<>").counts.counters.delivered, 3U);
}

}  // namespace
}  // namespace millrace::source
