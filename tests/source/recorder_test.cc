#include "source/recorder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using metrics::LatencyPhase;
using smtp::Verb;

// A warm-up and a stage of a second each, and one without an end.
class RecorderTest : public testing::Test {
 protected:
  // A message that was due at `intended`, and that a session turned to `waited` later.
  MessageInFlight started(TimePoint intended, Duration waited = {}) {
    MessageInFlight in_flight{.intended = intended, .begun = intended + waited};
    in_flight.sent = in_flight.begun;
    recorder.started(in_flight, in_flight.begun);
    return in_flight;
  }
  // What was measured until the end of the second, in which the loop moved so many bytes.
  metrics::Second publish(std::uint64_t number, net::Traffic moved = {}) {
    metrics::ThreadInterval& interval =
        recorder.complete_interval(moved, start + std::chrono::seconds(number + 1));
    timeline.add(number, interval);
    interval.clear();
    return *timeline.latest(number);
  }
  [[nodiscard]] const metrics::Metrics& stage(std::size_t number) const {
    return recorder.stages()[number];
  }

  const Schedule schedule{{{.name = "warm-up", .length = 1s, .from = 1, .to = 1, .measured = false},
                           {.name = "one", .length = 1s, .from = 1, .to = 1},
                           {.name = "two", .from = 1, .to = 1}}};
  const TimePoint start{1h};
  Recorder recorder{schedule, start};
  metrics::Timeline timeline{1, metrics::Timeline::Idle::kept};
};

TEST_F(RecorderTest, AMessageCountsInTheStageInWhichItWasDue) {
  const MessageInFlight in_flight = started(start + 900ms, 300ms);
  EXPECT_EQ(in_flight.stage, 0U);
  EXPECT_EQ(stage(0).counters.started, 1U);
  recorder.over(in_flight, 3, start + 2500ms);
  EXPECT_EQ(stage(0).counters.delivered, 1U);
  EXPECT_EQ(stage(0).counters.recipients, 3U);
  EXPECT_NEAR(static_cast<double>(stage(0).intended.most()), 1'600'000, 1'600);
  EXPECT_NEAR(static_cast<double>(stage(0).service.most()), 1'300'000, 1'300);
  EXPECT_EQ(recorder.last_over(), start + 2500ms);
}

TEST_F(RecorderTest, ASecondKnowsHowManyMessagesWaitForTheirNextAttempt) {
  recorder.put_back(started(start), {}, start);
  recorder.put_back(started(start), {.in_doubt = true}, start);
  recorder.over(started(start), 1, start);
  EXPECT_EQ(publish(0).waiting, 2U);
  MessageInFlight again{.intended = start, .begun = start + 1s, .attempt = 2};
  recorder.started(again, start + 1s);
  EXPECT_EQ(publish(1).waiting, 1U);
  EXPECT_EQ(publish(2).waiting, 1U);
}

TEST_F(RecorderTest, ASessionCountsInTheStageOfTheMoment) {
  recorder.session_opened(100us, start);
  recorder.secured(200us, true, start + 1s - 1ns);
  recorder.error(metrics::Error::reset, "x", start + 1s);
  recorder.session_ended(start + 1s, start + 1s + 1500us);
  recorder.session_opened(300us, start + 1h);
  EXPECT_EQ(stage(0).counters.sessions_opened, 1U);
  EXPECT_EQ(stage(0).counters.tls_handshakes, 1U);
  EXPECT_EQ(stage(0).counters.tls_resumed, 1U);
  EXPECT_EQ(stage(0)[LatencyPhase::tls].most(), 200U);
  EXPECT_EQ(stage(1).errors[metrics::index(metrics::Error::reset)].times, 1U);
  EXPECT_EQ(stage(1)[LatencyPhase::session].most(), 1500U);
  EXPECT_EQ(stage(2)[LatencyPhase::connect].most(), 300U);
}

TEST_F(RecorderTest, OnlyWhatWasDeliveredIsInTheLatencies) {
  recorder.over(started(start), 0, start + 1ms);
  recorder.lost(started(start), start + 1ms);
  recorder.unfinished(started(start), start + 1ms);
  recorder.unstarted(start, start + 1ms);
  EXPECT_EQ(stage(0).counters.refused, 1U);
  EXPECT_EQ(stage(0).counters.lost, 1U);
  EXPECT_EQ(stage(0).counters.unfinished, 1U);
  EXPECT_EQ(stage(0).counters.unstarted, 1U);
  EXPECT_EQ(stage(0).counters.started, 3U);
  EXPECT_EQ(stage(0).failed.count(), 4U);
  EXPECT_EQ(stage(0).failed.least(), 1000U);
  EXPECT_TRUE(stage(0).intended.empty());
  EXPECT_TRUE(stage(0).service.empty());
  EXPECT_TRUE(stage(0)[LatencyPhase::transaction].empty());
}

// The run is over, and the message has been taken for one of its recipients.
TEST_F(RecorderTest, WhatSomeHaveIsDelivered) {
  const Remains some{.taken = start + 400ms, .recipients = {1, 2}};
  recorder.waiting({.intended = start + 100ms, .attempt = 2, .remains = some}, start + 900ms);
  MessageInFlight in_flight{.intended = start + 200ms, .begun = start + 300ms, .remains = some};
  recorder.started(in_flight, start + 300ms);
  recorder.unfinished(in_flight, start + 900ms);
  const metrics::Counters& counters = stage(0).counters;
  EXPECT_EQ(counters.delivered, 2U);
  EXPECT_EQ(counters.waiting, 0U);
  EXPECT_EQ(counters.unfinished, 0U);
  EXPECT_EQ(counters.recipients_given_up, 4U);
  EXPECT_NEAR(static_cast<double>(stage(0).intended.most()), 300'000, 300);
  EXPECT_TRUE(stage(0).failed.empty());
  recorder.waiting({.intended = start + 100ms}, start + 900ms);
  EXPECT_EQ(counters.waiting, 1U);
}

TEST_F(RecorderTest, ContentIsTimedWhetherItWasTakenOrRefused) {
  MessageInFlight in_flight = started(start);
  in_flight.content = 400us;
  recorder.over(in_flight, 0, start + 1ms);
  recorder.over(started(start), 1, start + 1ms);  // its content was never asked for
  EXPECT_EQ(stage(0)[LatencyPhase::content].count(), 1U);
  EXPECT_EQ(stage(0)[LatencyPhase::content].most(), 400U);
}

TEST_F(RecorderTest, AReplyEndsThePhaseOfItsCommand) {
  const smtp::Reply reply{.code = 250, .text = "250 2.0.0 ok"};
  for (const Verb hello : {Verb::helo, Verb::ehlo, Verb::lhlo}) {
    recorder.replied(1, hello, reply, 100us);
  }
  recorder.replied(1, Verb::connect, reply, 200us);
  recorder.replied(1, Verb::mail, reply, std::nullopt);
  recorder.replied(1, Verb::end_of_data, reply, 300us);  // is content, timed with its message
  EXPECT_EQ(stage(1)[LatencyPhase::ehlo].count(), 3U);
  EXPECT_EQ(stage(1)[LatencyPhase::banner].most(), 200U);
  EXPECT_TRUE(stage(1)[LatencyPhase::mail].empty());
  EXPECT_TRUE(stage(1)[LatencyPhase::content].empty());
  EXPECT_EQ(stage(1).replies.of(smtp::index(Verb::mail)).at(0).times, 1U);
  EXPECT_EQ(stage(1).replies.of(smtp::index(Verb::end_of_data)).at(0).code, 250);
}

TEST_F(RecorderTest, AnArrivalIsLateFromAMillisecondOn) {
  recorder.start_lag(start + 1s, 0ms);
  recorder.start_lag(start + 1s, 1ms);
  recorder.start_lag(start + 2s, 1ms + 1us);
  recorder.start_lag(start + 1s - 1ns, 1s);  // in the warm-up
  EXPECT_EQ(recorder.generator().start_lag.count(), 3U);
  EXPECT_EQ(recorder.generator().late_starts, 1U);
}

// How long a turn was is known when the next one is over.
TEST_F(RecorderTest, ATurnHoldsUpWhatIsUnderWayWhenTheNextBegins) {
  const metrics::Histogram& held_up = recorder.generator().held_up;
  started(start + 1s - 1ns);  // in the warm-up
  recorder.begin_turn();
  recorder.turn(9ms);
  EXPECT_EQ(held_up.count(), 0U);
  const MessageInFlight taken = started(start + 1s);
  const MessageInFlight lost = started(start + 2s);
  const MessageInFlight unfinished = started(start + 2s);
  recorder.begin_turn();
  recorder.over(taken, 1, start + 2s);
  recorder.turn(5ms);
  EXPECT_EQ(held_up.count(), 3U) << "whatever this turn has brought";
  EXPECT_EQ(held_up.least(), 5'000U);
  recorder.begin_turn();
  recorder.lost(lost, start + 2s);
  recorder.unfinished(unfinished, start + 2s);
  recorder.turn(1ms);
  EXPECT_EQ(held_up.count(), 3U + 2U);
  recorder.begin_turn();
  recorder.turn(9ms);
  EXPECT_EQ(held_up.count(), 3U + 2U);
  EXPECT_EQ(recorder.generator().loop_lag.count(), 4U);
}

TEST_F(RecorderTest, ASecondHasWhatWasMeasuredSinceTheLast) {
  recorder.session_opened(1us, start);
  const MessageInFlight in_flight = started(start + 500ms);
  recorder.error(metrics::Error::reset, "made up", start + 600ms);
  metrics::Second second = publish(0, {.sent = 100, .received = 10});
  EXPECT_EQ(second.counters.started, 1U);
  EXPECT_EQ(second.counters.delivered, 0U);
  EXPECT_EQ(second.counters.bytes_sent, 100U);
  EXPECT_EQ(second.errors[metrics::index(metrics::Error::reset)], 1U);
  EXPECT_EQ(second.latest_error, "made up");
  EXPECT_EQ(second.sessions_open, 1U);
  EXPECT_EQ(second.in_flight, 1U);

  recorder.over(in_flight, 1, start + 1500ms);
  recorder.session_ended(start, start + 1600ms);
  second = publish(1, {.sent = 50, .received = 20});
  EXPECT_EQ(second.counters.started, 0U);
  EXPECT_EQ(second.counters.delivered, 1U);
  EXPECT_EQ(second.counters.bytes_sent, 50U);
  EXPECT_EQ(second.counters.bytes_received, 20U);
  EXPECT_EQ(second.errors[metrics::index(metrics::Error::reset)], 0U);
  EXPECT_EQ(second.latest_error, "");
  EXPECT_EQ(second.intended.count(), 1U);
  EXPECT_EQ(second.sessions_open, 0U);
  EXPECT_EQ(second.in_flight, 0U);

  EXPECT_EQ(publish(2).intended.count(), 0U);
}

}  // namespace
}  // namespace millrace::source
