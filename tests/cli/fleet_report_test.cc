#include "cli/fleet_report.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "report/json.h"
#include "sample_run.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kRanks = 4;

class FleetReportTest : public testing::Test {
 protected:
  FleetReportTest() {
    divert_messages([this](std::string_view line) { said.append(line); });
    for (unsigned rank = 1; rank < ranks.size(); ++rank) {
      ranks[rank].host = "host" + std::to_string(rank);
      ranks[rank].result = to_letter(report_of(rank));
    }
  }
  ~FleetReportTest() override { divert_messages({}); }

  static RankReport report_of(unsigned rank, bool well = true) {
    RankReport report{.well = well, .run = test::sample_run(2, 5)};
    report.run.environment.host = "host" + std::to_string(rank);
    report.run.parts =
        report::Parts{.run = "0123456789ab", .load = "load", .of = kRanks, .numbers = {rank + 1}};
    return report;
  }
  static std::string setting(const report::Run& run, std::string_view name) {
    for (const auto& [known, value] : run.settings) {
      if (known == name) return value;
    }
    return "none";
  }

  std::vector<fleet::RankState> ranks{kRanks};
  std::string said;
};

TEST_F(FleetReportTest, IsOfAllRanks) {
  ranks[2].clock.take(0us, 1'500us, 1'000us);
  ranks[3].clock.take(0us, 50us, 200us);
  const RankReport whole = put_together(report_of(0), ranks);
  EXPECT_TRUE(whole.well);
  EXPECT_TRUE(whole.whole);
  EXPECT_EQ(whole.run.measurement.total.counters.delivered, kRanks * 200);
  EXPECT_EQ(setting(whole.run, "parts"), "1 to 4 of 4");
  EXPECT_EQ(setting(whole.run, "merged"), "none");
  EXPECT_TRUE(setting(whole.run, "rank 0").starts_with("host0: 200 delivered, 0 not, p50 5."));
  const std::string ahead = setting(whole.run, "rank 2");
  EXPECT_TRUE(ahead.starts_with("host2: 200 delivered, 0 not, p50 5.")) << ahead;
  EXPECT_TRUE(ahead.ends_with("; clock 1.00 ms ahead, known to 500 us")) << ahead;
  EXPECT_TRUE(setting(whole.run, "rank 3").ends_with("; clock 50 us behind, known to 100 us"));
  EXPECT_EQ(said, "");
}

TEST_F(FleetReportTest, TellsWhichRankWasLate) {
  RankReport late = report_of(2);
  late.run.measurement.generator.busy = {0.95};
  late.run.measurement.generator.run_delay = {0};
  ranks[2].result = to_letter(late);
  EXPECT_EQ(put_together(report_of(0), ranks).run.measurement.limits(),
            std::vector<std::string>{"rank 2 (host2): a thread of it was busy 95% of the time"});
}

TEST_F(FleetReportTest, CountsWhatWasOverInTime) {
  RankReport part = report_of(1);
  part.completions = {.in_time = 30, .outlasted = 4};
  ranks[1].result = to_letter(part);
  RankReport own = report_of(0);
  own.completions = {.in_time = 500, .outlasted = 60};
  const RankReport whole = put_together(own, ranks);
  EXPECT_EQ(whole.completions.in_time, 530U);
  EXPECT_EQ(whole.completions.outlasted, 64U);
}

TEST_F(FleetReportTest, IsNotWellWhereARankIsNot) {
  ranks[1].result = to_letter(report_of(1, false));
  const RankReport whole = put_together(report_of(0), ranks);
  EXPECT_FALSE(whole.well);
  EXPECT_TRUE(whole.whole);
}

TEST_F(FleetReportTest, NamesARankThatIsNotInIt) {
  ranks[2].result.reset();
  ranks[2].trouble = "was not heard of for 5 s";
  ranks[3].result.reset();
  ranks[3].host.reset();
  ranks[3].trouble = "failed: no room";
  const RankReport whole = put_together(report_of(0), ranks);
  tell_of_missing(ranks, "the report is without it");
  EXPECT_FALSE(whole.well);
  EXPECT_FALSE(whole.whole);
  EXPECT_EQ(whole.run.measurement.total.counters.delivered, 2 * 200);
  EXPECT_EQ(setting(whole.run, "parts"), "1 and 2 of 4: not 3 and 4");
  EXPECT_EQ(setting(whole.run, "rank 2"), "not in this report: it was not heard of for 5 s");
  EXPECT_NE(said.find("fatal: rank 2 (host2) was not heard of for 5 s: the report is without it\n"),
            std::string::npos);
  EXPECT_NE(said.find("fatal: rank 3 failed: no room: the report is without it\n"),
            std::string::npos);
}

TEST_F(FleetReportTest, NamesWhoWasNotThereToTheEnd) {
  ranks[1].is_silent = true;
  ranks[2].is_silent = true;
  ranks[2].trouble = "was not heard of for 5 s";
  tell_of_gone(ranks);
  EXPECT_NE(said.find("fatal: rank 1 (host1) was not there to the end: all that it measured is "
                      "reported\n"),
            std::string::npos);
  EXPECT_EQ(said.find("rank 2"), std::string::npos) << "which was told before";
}

TEST_F(FleetReportTest, CountsSecondsFromOneStartByClocksThatDiffer) {
  RankReport own = report_of(0);
  own.run.measurement.agreed_start.emplace();
  for (unsigned rank = 1; rank < kRanks; ++rank) {
    RankReport part = report_of(rank);
    part.run.measurement.agreed_start.emplace();
    part.run.measurement.start += rank * 60s;
    ranks[rank].result = to_letter(part);
  }
  const auto start = own.run.measurement.start;
  const RankReport whole = put_together(own, ranks);
  EXPECT_EQ(whole.run.measurement.start, start);
  EXPECT_EQ(whole.run.measurement.series.size(), 2U);
}

TEST_F(FleetReportTest, OfSinksTellsWhereEachListens) {
  const auto sink_of = [](unsigned rank) {
    RankReport report{.well = true, .run = test::sample_run(2, 5)};
    report.run.kind = report::Run::Kind::sink;
    report.run.environment.host = "host" + std::to_string(rank);
    report.run.settings = {{"at", "[127.0.0.1]:" + std::to_string(rank)}};
    report.run.measurement.total.counters.sessions_opened = 3;
    report.run.measurement.start += rank * 60s;
    report.run.verdicts.clear();
    return report;
  };
  ranks.resize(2);
  ranks[1].result = to_letter(sink_of(1));
  const RankReport whole = put_together(sink_of(0), ranks);
  EXPECT_EQ(setting(whole.run, "rank 0"), "host0: at [127.0.0.1]:0: 200 taken, 3 sessions");
  EXPECT_EQ(setting(whole.run, "rank 1"), "host1: at [127.0.0.1]:1: 200 taken, 3 sessions");
  EXPECT_EQ(whole.run.measurement.series.size(), 2U) << "they have begun together";
}

// Where one failed before it began, so that nobody waited for the start.
TEST_F(FleetReportTest, HasOneClockWhereNoStartWasAgreed) {
  const RankReport own = report_of(0);
  const auto start = own.run.measurement.start;
  for (unsigned rank = 1; rank < kRanks; ++rank) {
    RankReport part = report_of(rank);
    part.run.measurement.start += rank * 60s;
    ranks[rank].result = to_letter(part);
  }
  const RankReport whole = put_together(own, ranks);
  EXPECT_EQ(whole.run.measurement.start, start);
  EXPECT_EQ(whole.run.measurement.series.size(), 2U);
}

TEST_F(FleetReportTest, TellsOfManyRanksOnlyWhichAreMissing) {
  constexpr unsigned kMany = 400;  // more than an object that is read has keys
  ranks.assign(kMany, {});
  for (fleet::RankState& rank : ranks) rank.trouble = "was not heard of for 5 s";
  ranks[1].result = to_letter({.well = true, .run = test::sample_run(1, 5)});
  const RankReport own{.well = true, .run = test::sample_run(1, 5)};
  const RankReport whole = put_together(own, ranks);
  EXPECT_EQ(setting(whole.run, "rank 1"), "none");
  EXPECT_EQ(setting(whole.run, "rank 64"), "none");
  EXPECT_EQ(setting(whole.run, "missing"), "ranks 2 to 399");
  const auto read = report::from_json(report::to_json(whole.run), "a.json");
  EXPECT_EQ(setting(read, "missing"), "ranks 2 to 399");
}

TEST_F(FleetReportTest, TellsOfMoreThreadsThanAreReadOnlyTheBusiest) {
  RankReport own{.well = true, .run = test::sample_run(1, 5)};
  own.run.measurement.generator.busy.assign(9'999, 0.25);
  own.run.measurement.generator.run_delay.assign(9'999, 0.0);
  RankReport part = own;
  part.run.measurement.generator.busy = {0.75, 0.125};
  part.run.measurement.generator.run_delay = {0.0, 0.25};
  ranks.resize(2);
  ranks[1].result = to_letter(part);
  const RankReport whole = put_together(own, ranks);
  const auto read = report::from_json(report::to_json(whole.run), "a.json");
  const metrics::Generator& generator = read.measurement.generator;
  ASSERT_EQ(generator.busy.size(), 10'000U);
  EXPECT_EQ(generator.busy[0], 0.75);
  EXPECT_EQ(generator.busy[1], 0.125);
  EXPECT_EQ(generator.run_delay[1], 0.25);
}

TEST_F(FleetReportTest, IsOfRank0WhereReportsDoNotFitTogether) {
  RankReport other = report_of(2);
  other.run.parts->load = "another";
  ranks[2].result = to_letter(other);
  const RankReport whole = put_together(report_of(0), ranks);
  EXPECT_FALSE(whole.well);
  EXPECT_EQ(whole.run.measurement.total.counters.delivered, 200U);
  EXPECT_EQ(setting(whole.run, "missing"),
            "all ranks but rank 0: their reports do not fit together");
  EXPECT_NE(said.find("fatal: rank 0 and rank 2 have parts of different loads"), std::string::npos);
}

TEST_F(FleetReportTest, IsWithoutWhatIsNoReport) {
  ranks[2].result = "1{";
  const RankReport whole = put_together(report_of(0), ranks);
  EXPECT_FALSE(whole.well);
  EXPECT_EQ(setting(whole.run, "parts"), "1, 2 and 4 of 4: not 3");
  EXPECT_NE(said.find("fatal: rank 2 (host2) sent what is no report ("), std::string::npos);
}

TEST_F(FleetReportTest, OfOneRankIsThatOfAProcess) {
  ranks.resize(1);
  const RankReport whole = put_together({.well = true, .run = test::sample_run(2, 5)}, ranks);
  EXPECT_TRUE(whole.well);
  EXPECT_EQ(whole.run.measurement.total.counters.delivered, 200U);
  EXPECT_EQ(setting(whole.run, "rank 0"), "none");
}

}  // namespace
}  // namespace millrace::cli
