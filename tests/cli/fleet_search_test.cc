#include "cli/fleet_search.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sample_run.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kAllRanks = 3;

class FleetProbesTest : public testing::Test {
 protected:
  FleetProbesTest() {
    of_probe.part = {.number = 0, .of = kAllRanks};
    of_probe.sessions = 9;
    for (unsigned rank = 1; rank < ranks.size(); ++rank) {
      ranks[rank].host = "host" + std::to_string(rank);
      ranks[rank].result = to_letter(report_of(rank));
    }
  }

  static RankReport report_of(unsigned rank) {
    RankReport report{.well = true, .run = test::sample_run(2, 5)};
    report.run.environment.host = "host" + std::to_string(rank);
    report.run.measurement.ending = metrics::Ending::completed;
    report.run.measurement.generator = {};
    report.run.measurement.total.counters.started = 200;
    report.run.measurement.warmup = {};
    return report;
  }
  // So many were late, and so many on time.
  static RankReport late_report_of(unsigned rank, unsigned late = 4, unsigned on_time = 0) {
    RankReport report = report_of(rank);
    report.run.measurement.generator.start_lag.record(5ms, late);
    report.run.measurement.generator.start_lag.record(0ms, on_time);
    report.run.measurement.generator.late_starts = late;
    return report;
  }
  static std::string setting(const report::Run& run, std::string_view name) {
    for (const auto& [known, value] : run.settings) {
      if (known == name) return value;
    }
    return "none";
  }
  source::ProbeRun take() { return probes.take(report_of(0), ranks, of_probe); }

  std::vector<fleet::RankState> ranks{kAllRanks};
  source::SourceOptions of_probe;
  FleetProbes probes;
};

TEST_F(FleetProbesTest, AreToldInLetters) {
  const source::ProbeOrder order{.probe = {.level = 123.4, .confirms = true},
                                 .number = 7,
                                 .first_message = 98'765'432'109'876};
  const source::ProbeOrder read = read_order(to_letter(order));
  EXPECT_EQ(read.probe.level, order.probe.level);
  EXPECT_EQ(read.probe.confirms, order.probe.confirms);
  EXPECT_EQ(read.number, order.number);
  EXPECT_EQ(read.first_message, order.first_message);
  EXPECT_ANY_THROW(read_order("soon"));
}

TEST_F(FleetProbesTest, AreJudgedByWhatAllHaveMeasured) {
  const source::ProbeRun made = take();
  EXPECT_EQ(made.run.measurement.total.counters.delivered, kAllRanks * 200);
  EXPECT_EQ(made.run.measurement.total.intended.count(), kAllRanks * 200);
  EXPECT_EQ(made.run.measurement.ending, metrics::Ending::completed);
  EXPECT_EQ(made.late, std::vector<std::string>{});
}

TEST_F(FleetProbesTest, AreLateWhereFewOfEachRankAreManyOfAll) {
  for (unsigned rank = 1; rank < kAllRanks; ++rank) {
    ranks[rank].result = to_letter(late_report_of(rank, 2, 98));
  }
  EXPECT_EQ(probes.take(late_report_of(0, 2, 98), ranks, of_probe).late,
            std::vector<std::string>{"it began 2.0% of the arrivals more than 1 ms late"});
}

TEST_F(FleetProbesTest, KnowWhatTheGeneratorOfAnyRankHeldUp) {
  RankReport slow = report_of(1);
  slow.run.measurement.generator.held_up.record(60ms, 16);
  ranks[1].result = to_letter(slow);
  const metrics::Histogram held_up = take().run.measurement.generator.held_up;
  EXPECT_EQ(held_up.count(), 16U);
  EXPECT_EQ(held_up.count_above(50ms), 16U);
}

TEST_F(FleetProbesTest, HaveUsedAsManyMessagesAsTheFastestRank) {
  RankReport fast = report_of(2);
  fast.run.measurement.total.counters.started = 500;
  ranks[2].result = to_letter(fast);
  EXPECT_EQ(take().messages, 500 * kAllRanks + 9);
}

TEST_F(FleetProbesTest, AreLateWhereAnyRankIs) {
  ranks[1].result = to_letter(late_report_of(1));
  EXPECT_EQ(take().late,
            std::vector<std::string>{
                "rank 1 (host1): it began 100.0% of the arrivals more than 1 ms late"});
  ranks[1].result = to_letter(report_of(1));
  EXPECT_EQ(probes.take(late_report_of(0), ranks, of_probe).late,
            std::vector<std::string>{
                "rank 0 (host0): it began 100.0% of the arrivals more than 1 ms late"});
}

TEST_F(FleetProbesTest, AreCutShortWhereARankIsMissing) {
  ranks[2].result.reset();
  ranks[2].trouble = "was not heard of for 5 s";
  EXPECT_EQ(take().run.measurement.ending, metrics::Ending::interrupted);
}

TEST_F(FleetProbesTest, HaveFailedWhereAReportCannotBeRead) {
  ranks[2].result = "1{";
  EXPECT_EQ(take().run.measurement.ending, metrics::Ending::failed);
}

TEST_F(FleetProbesTest, HaveFailedWhereReportsDoNotFitTogether) {
  RankReport of_a_sink = report_of(1);
  of_a_sink.run.kind = report::Run::Kind::sink;
  of_a_sink.run.verdicts.clear();
  ranks[1].result = to_letter(of_a_sink);
  EXPECT_EQ(take().run.measurement.ending, metrics::Ending::failed);
}

TEST_F(FleetProbesTest, SayWhoEndedTheSearch) {
  take();
  ranks[2].result.reset();
  ranks[2].trouble = "was not heard of for 5 s";
  take();
  EXPECT_EQ(setting(probes.describe({.number = 1}, ranks), "rank 2"),
            "not in this report: it was not heard of for 5 s");
  const report::Run kept = probes.describe({.number = 0}, ranks);
  EXPECT_TRUE(setting(kept, "rank 2").starts_with("host2: 200 delivered, 0 not"));
  EXPECT_TRUE(
      setting(kept, "rank 2").ends_with("; the search ended since it was not heard of for 5 s"));
  EXPECT_EQ(setting(kept, "rank 1").find("ended"), std::string::npos);
}

// As the user pressed Ctrl-C, or another was gone.
TEST_F(FleetProbesTest, DoNotSayThatItEndedTheSearchWhoWasNotDoneThen) {
  take();
  ranks[2].trouble = "was not done when the run had to end";
  ranks[2].is_cause = false;
  const std::string told = setting(probes.describe({}, ranks), "rank 2");
  EXPECT_TRUE(told.ends_with("; at the end it was not done when the run had to end")) << told;
  ranks.resize(kMostTold + 1, {.result = "", .trouble = "failed", .is_cause = false});
  EXPECT_TRUE(setting(probes.describe({}, ranks), "gone").ends_with(", at the end"));
  ranks.back().is_cause = true;
  EXPECT_TRUE(
      setting(probes.describe({}, ranks), "gone").ends_with(", with which the search ended"));
}

TEST_F(FleetProbesTest, SayWhoWasGoneWhenTheAnswerWasThere) {
  take();
  ranks[2].trouble = "was not heard of for 5 s";
  const source::CapacityResult found{.answer = {.limit = source::CapacityLimit::range}};
  const std::string told = setting(probes.describe(found, ranks), "rank 2");
  EXPECT_TRUE(told.ends_with("; at the end it was not heard of for 5 s")) << told;
}

// A report has no more than 256 settings.
TEST_F(FleetProbesTest, NameManyRanksInOneRow) {
  ranks.resize(kMostTold + 1);
  take();
  EXPECT_EQ(setting(probes.describe({}, ranks), "gone"), "none");
  const std::size_t before = probes.describe({}, ranks).settings.size();
  for (unsigned rank = 3; rank < ranks.size(); ++rank) ranks[rank].trouble = "failed: no room";
  const report::Run ended = probes.describe({}, ranks);
  EXPECT_EQ(ended.settings.size(), before + 1);
  EXPECT_EQ(setting(ended, "gone"), "ranks 3 to 64, with which the search ended");
  const source::CapacityResult found{.answer = {.limit = source::CapacityLimit::server}};
  EXPECT_EQ(setting(probes.describe(found, ranks), "gone"), "ranks 3 to 64, at the end");
}

}  // namespace
}  // namespace millrace::cli
