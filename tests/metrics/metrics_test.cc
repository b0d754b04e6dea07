#include "metrics/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

#include "metrics/codec.h"
#include "metrics/measurement.h"
#include "metrics/timeline.h"

namespace millrace::metrics {
namespace {

using smtp::Verb;
using std::chrono::microseconds;

TEST(ReplyCounts, ReadEnhancedStatusCodes) {
  const auto code = [](std::string_view text) {
    return ReplyCounts::text(ReplyCounts::enhanced_code(text));
  };
  EXPECT_EQ(code("250 2.1.5 Ok"), "2.1.5");
  EXPECT_EQ(code("550-5.7.520 no\n5.7.520 really"), "5.7.520");
  EXPECT_EQ(code("450 4.999.999"), "4.999.999");
  EXPECT_EQ(code("250 2.0.0\r\n"), "2.0.0");
  EXPECT_EQ(code("550-5.7.1\nmore"), "5.7.1");
  for (const char* const text : {"250",
                                 "250 ",
                                 "250 Ok",
                                 "250 2.1 Ok",
                                 "250 3.1.1 x",
                                 "250 2..1 x",
                                 "250 2.1.1x",
                                 "250 211.1 x",
                                 "250 2.1. x",
                                 "250 2.1.1000 x",
                                 "250 2.1.1.1 x",
                                 "220 2.example",
                                 "250 2.1,5 Ok",
                                 "250 2.15 Ok x",
                                 "250 2.1",
                                 "250 2.123 x",
                                 "250 2.0.0\rx\r\n",
                                 "250 2.0.0\r\r\n",
                                 "550X5.7.1 no",
                                 "55055.7.1 no",
                                 "550\n5.7.1 no"}) {
    EXPECT_EQ(ReplyCounts::enhanced_code(text), 0U) << text;
  }
}

TEST(ReplyCounts, CountByCommandCodeAndEnhancedCode) {
  ReplyCounts replies;
  for (int i = 0; i < 3; ++i) replies.count(index(Verb::rcpt), 250, "250 2.1.5 Ok");
  replies.count(index(Verb::rcpt), 550, "550 5.1.1 no");
  replies.count(ReplyCounts::kUnknown, 500, "500 what?");
  replies.count(ReplyCounts::kUnknown, 0, "25\r\n2.1.1 x\r\n");
  replies.count(index(Verb::connect), 220, "220 hello");
  ReplyCounts sum = replies;
  sum.add(replies);
  ASSERT_EQ(sum.of(index(Verb::rcpt)).size(), 2U);
  EXPECT_EQ(sum.of(index(Verb::rcpt))[0].times, 6U);
  EXPECT_EQ(sum.of(index(Verb::rcpt))[1].code, 550);
  EXPECT_EQ(sum.of(ReplyCounts::kUnknown)[0].times, 2U);
  EXPECT_EQ(sum.of(ReplyCounts::kUnknown).at(1).enhanced, 0U);
  EXPECT_EQ(sum.of(index(Verb::connect)).at(0).times, 2U);
  EXPECT_TRUE(sum.of(index(Verb::mail)).empty());
  std::set<std::string_view> names;
  for (std::size_t command = 0; command < ReplyCounts::kCommands; ++command) {
    EXPECT_TRUE(names.insert(ReplyCounts::name(command)).second) << "a name is that of one command";
  }
}

TEST(ReplyCounts, AServerThatMakesUpCodesDoesNotMakeThemGrow) {
  ReplyCounts replies;
  for (int code = 0; code < 1'000; ++code) {
    for (int detail = 0; detail < 100; ++detail) {
      replies.count(index(Verb::mail), code, "250 2.1." + std::to_string(detail) + " x");
    }
  }
  std::uint64_t all = 0;
  for (const auto& count : replies.of(index(Verb::mail))) all += count.times;
  EXPECT_EQ(all, 100'000U);
  EXPECT_LE(replies.of(index(Verb::mail)).size(), 257U);
  for (int code = 0; code < 1'000; ++code) replies.count(index(Verb::rcpt), code, "x");
  EXPECT_LE(replies.of(index(Verb::rcpt)).size(), 257U);
}

TEST(Metrics, KeepTheFirstTextOfEachKindOfError) {
  Metrics metrics;
  metrics.count_error(Error::reset, "first");
  metrics.count_error(Error::reset, "second");
  Metrics other;
  other.count_error(Error::reset, "third");
  other.count_error(Error::tls, "bad certificate");
  metrics.add(other);
  EXPECT_EQ(metrics.errors[index(Error::reset)].times, 3U);
  EXPECT_EQ(metrics.errors[index(Error::reset)].sample, "first");
  EXPECT_EQ(metrics.errors[index(Error::tls)].sample, "bad certificate");
}

TEST(Metrics, AddUpAllThatBecameOfAnswers) {
  Answers one;
  std::uint64_t number = 0;
  for (const auto& row : kAnswerNames) one.*row.counter = ++number;
  Answers sum = one;
  sum.add(one);
  EXPECT_EQ(sum.queued, 2U);
  EXPECT_EQ(sum.sent, 4U);
  EXPECT_EQ(sum.refused, 6U);
  EXPECT_EQ(sum.failed, 8U);
  EXPECT_EQ(sum.dropped, 10U);
  EXPECT_EQ(sum.unsent, 12U);
  EXPECT_EQ(sum.not_allowed, 14U);
}

TEST(Metrics, AddUpAllThatWasMeasured) {
  Metrics one;
  std::uint64_t number = 0;
  for (const CounterName& row : kCounterNames) one.counters.*row.counter = ++number;
  one.intended.record(microseconds(1));
  one.service.record(microseconds(2));
  one.failed.record(microseconds(3));
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    one.phases[phase].record(microseconds(10 + phase));
  }
  one.replies.count(index(Verb::mail), 250, "250 2.1.0 Ok");
  Metrics sum;
  sum.add(one);
  sum.add(one);
  number = 0;
  for (const CounterName& row : kCounterNames) {
    EXPECT_EQ(sum.counters.*row.counter, 2 * ++number) << row.name;
  }
  EXPECT_EQ(sum.intended.count(), 2U);
  EXPECT_EQ(sum.service.least(), 2U);
  EXPECT_EQ(sum.failed.least(), 3U);
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    EXPECT_EQ(sum.phases[phase].count(), 2U);
    EXPECT_EQ(sum.phases[phase].least(), 10 + phase);
  }
  EXPECT_EQ(sum.replies.of(index(Verb::mail)).at(0).times, 2U);
}

TEST(Metrics, AddTheTimesOfEachError) {
  Metrics metrics;
  metrics.count_error(Error::refused, "x");
  metrics.count_error(Error::other, "y");
  ErrorTimes times{};
  add_times(metrics.errors, times);
  add_times(metrics.errors, times);
  EXPECT_EQ(times, (ErrorTimes{2, 0, 0, 0, 0, 0, 0, 2}));
}

TEST(Generator, AddsUpWhatItsPartsWere) {
  Generator part;
  part.loop_lag.record(microseconds(5));
  part.start_lag.record(microseconds(6));
  part.late_starts = 3;
  part.held_up.record(microseconds(7), 8);
  part.busy = {0.25};
  part.run_delay = {0.125};
  Generator sum;
  sum.add(part);
  part.busy = {0.5};
  part.run_delay = {0};
  sum.add(part);
  EXPECT_EQ(sum.loop_lag.count(), 2U);
  EXPECT_EQ(sum.start_lag.least(), 6U);
  EXPECT_EQ(sum.late_starts, 6U);
  EXPECT_EQ(sum.held_up.count(), 16U);
  EXPECT_EQ(sum.busy, (std::vector<double>{0.25, 0.5}));
  EXPECT_EQ(sum.run_delay, (std::vector<double>{0.125, 0}));
}

// An interval with so many messages of so many microseconds.
ThreadInterval interval(std::uint64_t delivered, int latency) {
  ThreadInterval interval;
  interval.counters.delivered = delivered;
  for (std::uint64_t i = 0; i < delivered; ++i) interval.intended.record(microseconds(latency));
  return interval;
}

TEST(Timeline, AddsTheSharesOfAllThreads) {
  Timeline timeline(2, Timeline::Idle::kept);
  timeline.add(0, interval(3, 10));
  EXPECT_FALSE(timeline.latest(0));  // the other thread has not told yet
  timeline.add(1, interval(1, 20));
  timeline.add(0, interval(4, 30));
  const auto latest = timeline.latest(0);
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->number, 0U);
  EXPECT_EQ(latest->counters.delivered, 7U);
  EXPECT_FALSE(timeline.latest(1));
  timeline.leave(1);
  EXPECT_TRUE(timeline.latest(1));
  timeline.leave(2);
  const std::vector<Row> rows = timeline.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].p50, 30U);
  EXPECT_EQ(rows[0].most, 30U);
  EXPECT_EQ(decode(rows[0].encoded)->count(), 7U);
  EXPECT_EQ(rows[1].counters.delivered, 1U);
}

TEST(Timeline, ASecondHasAllThatItsThreadsTell) {
  Timeline timeline(2, Timeline::Idle::kept);
  ThreadInterval part = interval(1, 10);
  part.sessions_open = 4;
  part.in_flight = 3;
  part.errors[index(Error::refused)] = 1;
  part.errors[index(Error::tls)] = 2;
  part.latest_error = "expired";
  timeline.add(5, part);
  part.latest_error.clear();
  timeline.add(5, part);
  const auto latest = timeline.latest(5);
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->latest_error, "expired");
  EXPECT_FALSE(timeline.latest(6));
  const std::vector<Row> rows = timeline.rows();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].number, 5U);
  EXPECT_EQ(rows[0].sessions_open, 8U);
  EXPECT_EQ(rows[0].in_flight, 6U);
  EXPECT_EQ(rows[0].errors, (ErrorTimes{2, 0, 0, 0, 0, 4, 0, 0}));
  EXPECT_EQ(rows[0].measured, 2U);
  EXPECT_DOUBLE_EQ(rows[0].mean, 10);
}

// A thread that failed gives no more, and takes nothing with it.
TEST(Timeline, WhatWasNotCompletedIsARowInTheEnd) {
  Timeline timeline(2, Timeline::Idle::kept);
  timeline.add(0, interval(3, 10));
  timeline.add(1, interval(4, 10));
  const std::vector<Row> rows = timeline.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].counters.delivered, 4U);
}

TEST(Timeline, ASecondWithASessionIsNotIdle) {
  Timeline timeline(1, Timeline::Idle::left_out);
  ThreadInterval waiting;
  waiting.sessions_open = 1;
  timeline.add(0, waiting);
  ThreadInterval reading;
  reading.counters.bytes_received = 1;
  timeline.add(1, reading);
  EXPECT_EQ(timeline.rows().size(), 2U);
}

TEST(Timeline, LosesNothingBetweenThreads) {
  constexpr unsigned kThreads = 8;
  constexpr std::uint64_t kSeconds = 200;
  Timeline timeline(kThreads, Timeline::Idle::kept);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t second = 0; second < kSeconds; ++second) {
        timeline.add(second, interval(second % 5, 10));
      }
      timeline.leave(kSeconds);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<Row> rows = timeline.rows();
  ASSERT_EQ(rows.size(), kSeconds);
  for (const Row& row : rows) EXPECT_EQ(row.counters.delivered, kThreads * (row.number % 5));
}

TEST(Timeline, LeavesOutSecondsInWhichNothingHappens) {
  Timeline timeline(1, Timeline::Idle::left_out);
  timeline.add(0, interval(0, 0));
  timeline.add(1, interval(1, 5));
  timeline.add(2, interval(0, 0));
  timeline.leave(3);
  EXPECT_EQ(timeline.rows().size(), 1U);
}

TEST(Timeline, WhatIsCountedBehindTheEndBelongsToTheLastRow) {
  std::vector<Row> rows(4);
  const std::array<double, 4> lengths = {1, 0.25, 0, -1};
  for (std::uint64_t i = 0; i < rows.size(); ++i) {
    rows[i] = {.number = i, .sessions_open = i, .length = lengths[i]};
    rows[i].counters.bytes_received = 10 + i;
    rows[i].errors[index(Error::closed)] = i;
  }
  fold_tail(rows);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].counters.bytes_received, 10U);
  EXPECT_EQ(rows[1].counters.bytes_received, 11U + 12U + 13U);
  EXPECT_EQ(rows[1].errors[index(Error::closed)], 1U + 2U + 3U);
  EXPECT_EQ(rows[1].sessions_open, 1U);  // at its end
  rows.front().length = 0;
  fold_tail(rows);
  EXPECT_TRUE(rows.empty());
}

TEST(Timeline, KnowsWhatWasCountedSoFar) {
  Timeline timeline(2, Timeline::Idle::kept);
  timeline.add(0, interval(3, 10));
  EXPECT_EQ(timeline.so_far().delivered, 0U);  // the other thread has not told yet
  timeline.add(0, interval(4, 10));
  timeline.add(1, interval(5, 10));
  timeline.add(1, interval(6, 10));
  EXPECT_EQ(timeline.so_far().delivered, 18U);
}

TEST(Measurement, IsOfALoadThatWasCarriedOrNot) {
  Measurement measurement;
  EXPECT_FALSE(measurement.carried());  // nothing was measured
  EXPECT_EQ(measurement.failed_share(), 0);
  EXPECT_EQ(measurement.rate(), 0);
  measurement.total.count_error(Error::rejected, "421 go away");
  EXPECT_FALSE(measurement.carried());  // nothing but errors
  metrics::Counters& counters = measurement.total.counters;
  counters.delivered = 6;
  counters.refused = counters.lost = counters.unfinished = 1;
  counters.unstarted = 3;
  EXPECT_TRUE(measurement.carried());
  EXPECT_DOUBLE_EQ(measurement.failed_share(), 0.5);
  counters.unstarted = 4;
  EXPECT_FALSE(measurement.carried());
}

TEST(Measurement, IsOfAServerThatTurnedMostMessagesAwayOrNot) {
  Measurement measurement;
  EXPECT_FALSE(measurement.turned_away());
  metrics::Counters& counters = measurement.total.counters;
  counters.delivered = 3;
  counters.refused = 1;
  counters.lost = 2;
  EXPECT_FALSE(measurement.turned_away());
  counters.lost = 3;
  EXPECT_TRUE(measurement.turned_away());
  counters.unstarted = 1;  // nobody could, as may be the generator's own fault
  EXPECT_FALSE(measurement.turned_away());
}

TEST(IntervalMeter, TellsWhatIsNew) {
  IntervalMeter meter;
  ThreadInterval interval;
  Counters counters;
  counters.delivered = 10;
  ErrorTimes errors{};
  errors[0] = 2;
  meter.complete(interval, counters, errors);
  EXPECT_EQ(interval.counters.delivered, 10U);
  EXPECT_EQ(interval.errors[0], 2U);
  counters.delivered = 13;
  meter.complete(interval, counters, errors);
  EXPECT_EQ(interval.counters.delivered, 3U);
  EXPECT_EQ(interval.errors[0], 0U);
}

TEST(Measurement, SaysWhenTheGeneratorSetsThePace) {
  Measurement measurement;
  measurement.generator.busy = {0.2, 0.5};
  measurement.generator.run_delay = {0.1, 0.1};
  EXPECT_TRUE(measurement.limits().empty());
  measurement.generator.run_delay[1] = 0.45;
  ASSERT_EQ(measurement.limits().size(), 1U);
  EXPECT_EQ(measurement.limits()[0],
            "a thread of it was busy 50% of the time and waited 45% for a core");
  measurement.generator.run_delay[1] = 0.05;
  measurement.generator.busy = {0.2, 0.86};
  EXPECT_EQ(measurement.limits().at(0),
            "a thread of it was busy 86% of the time and waited 5% for a core");
  measurement.generator.busy = {0.97};
  measurement.generator.run_delay.clear();
  EXPECT_EQ(measurement.limits().at(0), "a thread of it was busy 97% of the time");
  measurement.generator.run_delay = {0.0625, 0.5};
  measurement.generator.busy = {0.9375, 0.5};  // equal: the first
  EXPECT_EQ(measurement.limits().at(0),
            "a thread of it was busy 94% of the time and waited 6% for a core");
  measurement.generator.busy = {0.97};
  measurement.generator.run_delay = {0};
  EXPECT_EQ(measurement.limits()[0], "a thread of it was busy 97% of the time");
  measurement.generator.busy = {0.9};
  EXPECT_TRUE(measurement.limits().empty());
  measurement.generator.busy.clear();
  for (int i = 0; i < 500; ++i) measurement.generator.start_lag.record(microseconds(10));
  measurement.generator.late_starts = 5;
  EXPECT_TRUE(measurement.limits().empty());
  measurement.generator.late_starts = 10;
  EXPECT_EQ(measurement.limits()[0], "it began 2.0% of the arrivals more than 1 ms late");
  measurement.generator.start_lag = {};
  for (int i = 0; i < 50; ++i) measurement.generator.start_lag.record(microseconds(10));
  measurement.generator.late_starts = 3;
  EXPECT_TRUE(measurement.limits().empty()) << "three are few, however few there are in all";
  measurement.generator.late_starts = 4;
  EXPECT_EQ(measurement.limits()[0], "it began 8.0% of the arrivals more than 1 ms late");
}

}  // namespace
}  // namespace millrace::metrics
