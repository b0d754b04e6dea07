#include "report/held_up.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace millrace::report {
namespace {

using namespace std::chrono_literals;

// Of 10,000 messages that took 5 ms; sixteen of them, in open loop, were begun late while the
// generator paused for 120 ms.
class HeldUp : public testing::Test {
 protected:
  static constexpr int kMessages = 10'000;
  static constexpr int kLate = 16;

  HeldUp() {
    measured.open_loop = true;
    for (int i = 0; i < kMessages; ++i) {
      const bool is_late = i < kLate;
      const Duration lag = is_late ? 120ms * (i + 1) / kLate : 0ms;
      measured.total.intended.record(5ms + lag);
      measured.generator.start_lag.record(lag);
    }
    measured.total.counters.delivered = kMessages;
  }
  [[nodiscard]] std::string clause(const char* term) const {
    return held_up_by_generator(Threshold(term), measured);
  }
  // So many take a second, though they began in time.
  void slow_down(int messages) {
    for (int i = 0; i < messages; ++i) measured.total.intended.record(1s);
    measured.total.counters.delivered += static_cast<std::uint64_t>(messages);
  }

  metrics::Measurement measured;
};

TEST_F(HeldUp, APauseMissesAPercentileThatLeavesOutLess) {
  EXPECT_FALSE(Threshold("p99.9<50ms").judge(measured).passed);
  EXPECT_EQ(clause("p99.9<50ms"),
            "p99.9<50ms would have held without 16 messages that it began more than 5.00 ms late");
  EXPECT_EQ(clause("max<60ms"),
            "max<60ms would have held without 16 messages that it began more than 6.00 ms late");
}

TEST_F(HeldUp, WhatTheServerMissesBesidesIsItsOwn) {
  slow_down(9);  // with the late ones more than 0.1%
  EXPECT_NE(clause("p99.9<50ms"), "");
  EXPECT_EQ(clause("max<60ms"), "");
  slow_down(9);
  EXPECT_EQ(clause("p99.9<50ms"), "");
}

TEST_F(HeldUp, WhatFailedWasNotHeldUp) {
  measured.total.counters.refused = 9;
  EXPECT_NE(clause("p99.9<50ms"), "");
  EXPECT_EQ(clause("max<60ms"), "");
  measured.total.counters.refused = 11;
  EXPECT_EQ(clause("p99.9<50ms"), "");
}

TEST_F(HeldUp, WhatIsLateByLittleMissesNoBound) {
  slow_down(1);
  EXPECT_NE(clause("max<900ms"), "") << "so many are later than a tenth";
  measured.generator.start_lag.clear();
  measured.generator.start_lag.record(89ms);
  EXPECT_EQ(clause("max<900ms"), "");
}

TEST_F(HeldUp, WhatIsLateByLessThanAMillisecondMissesNoBound) {
  for (const Duration lag : {990us, 1'010us}) {
    measured.total.intended.clear();
    measured.total.intended.record(1ms, kMessages - 1);
    measured.total.intended.record(4'500us + lag);
    measured.generator.start_lag.clear();
    measured.generator.start_lag.record(lag);
    EXPECT_EQ(clause("max<5ms").empty(), lag < 1ms) << "more than a tenth of the bound";
  }
}

TEST_F(HeldUp, IsOfBoundsOfLatenciesAlone) {
  for (const char* const term : {"errors<0%", "rate>1000000/s", "messages>20000", "mean<1ms",
                                 "min<1ms", "p99.9>1s", "e2e.p99.9<50ms", "tls.p99.9<50ms"}) {
    EXPECT_FALSE(Threshold(term).judge(measured).passed) << term;
    EXPECT_EQ(clause(term), "") << term;
  }
}

// A late start comes before all that a server is asked.
TEST_F(HeldUp, InOpenLoopIsOnlyWhatCountsFromWhenItWasDue) {
  for (int i = 0; i < kMessages; ++i) {
    const Duration took = i < 12 ? 1s : 5ms;
    measured.total.service.record(took);
    measured.total[metrics::LatencyPhase::content].record(took);
  }
  for (const char* const term : {"service.p99.9<50ms", "content.p99.9<50ms"}) {
    measured.open_loop = true;
    EXPECT_FALSE(Threshold(term).judge(measured).passed) << term;
    EXPECT_EQ(clause(term), "") << term;
    measured.open_loop = false;
    measured.generator.held_up.clear();
    measured.generator.held_up.record(60ms, 16);
    EXPECT_NE(clause(term), "") << term << ": a turn may hold up each reply";
  }
}

TEST_F(HeldUp, AMessageHasSeveralCopiesToTheArrival) {
  metrics::EndToEnd& behind = measured.end_to_end.emplace();
  behind.asked = behind.accepted = behind.arrived = 3 * kMessages;
  for (int i = 0; i < 3 * kMessages; ++i) behind.latency.record(i < 3 * kLate ? 1s : 5ms);
  EXPECT_NE(clause("e2e.max<50ms"), "");
  behind.latency.record(1s);
  ++behind.asked;
  ++behind.arrived;
  measured.generator.start_lag.clear();
  measured.generator.start_lag.record(120ms);
  EXPECT_EQ(clause("e2e.max<50ms"), "");
}

TEST_F(HeldUp, InClosedLoopIsAllThatAThreadHadUnderWay) {
  measured.open_loop = false;
  EXPECT_EQ(clause("max<50ms"), "") << "however late what arrives";
  measured.generator.held_up.record(49ms, 32);
  measured.generator.held_up.record(60ms, 9);
  EXPECT_EQ(clause("max<50ms"), "") << "ten took longer";
  measured.generator.held_up.record(70ms, 7);
  EXPECT_EQ(clause("max<50ms"),
            "max<50ms would have held without 16 messages that it may have held up for more than "
            "50.0 ms");
}

// Each may have been held up several times.
TEST_F(HeldUp, NothingFollowsWhereAllMayHaveBeenHeldUp) {
  measured.open_loop = false;
  measured.generator.held_up.record(60ms, kMessages - 1);
  EXPECT_NE(clause("max<50ms"), "");
  for (int more = 0; more < 2; ++more) {
    measured.generator.held_up.record(60ms);
    EXPECT_EQ(clause("max<50ms"), "");
  }
}

}  // namespace
}  // namespace millrace::report
