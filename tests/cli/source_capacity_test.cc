// What the terms of a search say of a probe; the options are read in long_options_test.cc.
#include "cli/source_capacity.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "metrics/measurement.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;

// Of a hundred messages that took 5 ms, but for one that took 120 ms more: begun late in open loop,
// held up in closed loop.
class CapacityJudgement : public testing::Test {
 protected:
  CapacityJudgement() {
    measured.open_loop = true;
    measured.total.intended.record(5ms, 99);
    measured.total.intended.record(125ms);
    measured.total.counters.delivered = 100;
    measured.generator.start_lag.record(0ms, 99);
    measured.generator.start_lag.record(120ms);
    measured.generator.held_up.record(120ms);
  }
  [[nodiscard]] source::Judgement judge(const std::vector<const char*>& terms) const {
    CapacityOrder order;
    for (const char* const term : terms) order.objective.emplace_back(term);
    return CapacityReport(order).judge(measured);
  }

  metrics::Measurement measured;
};

TEST_F(CapacityJudgement, HoldsWhereAllTermsDo) {
  const source::Judgement judged = judge({"max<1s", "p50<50ms"});
  EXPECT_TRUE(judged.holds);
  EXPECT_EQ(judged.late, std::vector<std::string>{});
}

TEST_F(CapacityJudgement, IsOfTheGeneratorWhereItMissesEachThatIsMissed) {
  const source::Judgement judged = judge({"max<50ms", "p50<50ms", "max<60ms"});
  EXPECT_FALSE(judged.holds);
  ASSERT_EQ(judged.late.size(), 2U);
  EXPECT_TRUE(judged.late[0].starts_with("max<50ms would have held without 1 message"));
  EXPECT_TRUE(judged.late[1].starts_with("max<60ms would have held without 1 message"));
}

TEST_F(CapacityJudgement, IsOfTheServerWhereItMissesOne) {
  for (const std::vector<const char*>& terms :
       {std::vector{"max<50ms", "p50<1ms"}, std::vector{"p50<1ms", "max<50ms"}}) {
    const source::Judgement judged = judge(terms);
    EXPECT_FALSE(judged.holds);
    EXPECT_EQ(judged.late, std::vector<std::string>{});
  }
}

TEST_F(CapacityJudgement, IsOfWhatWasHeldUpInClosedLoop) {
  measured.open_loop = false;
  EXPECT_EQ(judge({"max<50ms"}).late.size(), 1U);
  measured.generator.held_up.clear();
  EXPECT_EQ(judge({"max<50ms"}).late, std::vector<std::string>{});
}

}  // namespace
}  // namespace millrace::cli
