#include "report/compare.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::sample_run;

TEST(Compare, TellsChangesFromNoise) {
  const std::vector<report::Run> base = {sample_run(10, 5, 1), sample_run(10, 5, 2),
                                         sample_run(10, 5, 3)};
  const std::vector<report::Run> same = {sample_run(10, 5, 4), sample_run(10, 5, 2),
                                         sample_run(10, 5, 5)};
  const std::vector<report::Run> slow = {sample_run(10, 7, 6), sample_run(10, 7, 7),
                                         sample_run(10, 7, 8)};
  EXPECT_TRUE(compare(base, same).regressions(0.05).empty());
  const Comparison slower = compare(base, slow);
  EXPECT_EQ(slower.by, Comparison::By::runs);
  ASSERT_EQ(slower.regressions(0.05).size(), 5U);  // the mean and four percentiles
  EXPECT_NEAR(slower.regressions(0.05)[0]->loss, 0.4, 0.05);
  EXPECT_TRUE(slower.regressions(0.5).empty());
  EXPECT_TRUE(compare(slow, base).regressions(0.05).empty());  // faster is no regression
  const std::string text = describe(slower, {});
  EXPECT_NE(text.find("WORSE"), std::string::npos);
  EXPECT_NE(describe(compare(slow, base), {}).find("better"), std::string::npos);
}

// Of so many messages in ten seconds, that took so long each, and of one in ten that failed.
report::Run even_run(std::uint64_t messages, std::chrono::milliseconds took, bool failing) {
  report::Run run;
  metrics::Measurement& measured = run.measurement;
  measured.elapsed = measured.measured = std::chrono::seconds(10);
  measured.total.counters.delivered = messages;
  if (failing) measured.total.counters.refused = messages / 9;
  for (std::uint64_t i = 0; i < messages; ++i) measured.total.intended.record(took);
  return run;
}

TEST(Compare, IsShownALineAFigure) {
  const auto three = [](std::uint64_t messages, std::chrono::milliseconds took, bool failing) {
    return std::vector<report::Run>{even_run(messages, took, failing),
                                    even_run(messages + 90, took * 2, failing),
                                    even_run(messages + 180, took * 3, failing)};
  };
  EXPECT_EQ(describe(compare(three(9'000, 10ms, false), three(900, 40ms, true)), {}),
            R"(                     base        new   change  95% of medians          p
rate              909.0/s     99.0/s   -89.1%  -90.2% .. -88.0%    0.050  WORSE
not delivered          0%      10.0%      new  new .. new          0.050  WORSE
latency mean      20.0 ms    80.0 ms  +300.0%  +33.4% .. +1099.9%  0.050  WORSE
latency p50       20.0 ms    80.1 ms  +300.0%  +33.4% .. +1099.8%  0.050  WORSE
latency p90       20.0 ms    80.1 ms  +300.0%  +33.4% .. +1099.8%  0.050  WORSE
latency p99       20.0 ms    80.1 ms  +300.0%  +33.4% .. +1099.8%  0.050  WORSE
latency p99.9     20.0 ms    80.1 ms  +300.0%  +33.4% .. +1099.8%  0.050  WORSE

Told from chance by 3 and 3 runs (Mann-Whitney).
)");
  EXPECT_EQ(describe(compare({even_run(900, 10ms, false)}, {even_run(990, 10ms, false)}), {}),
            R"(                     base        new   change  95% of medians          p
rate               90.0/s     99.0/s   +10.0%                             too few to tell
not delivered          0%         0%    +0.0%                             same
latency mean      10.0 ms    10.0 ms    +0.0%                             same
latency p50       10.0 ms    10.0 ms    +0.0%                             same
latency p90       10.0 ms    10.0 ms    +0.0%                             same
latency p99       10.0 ms    10.0 ms    +0.0%                             same
latency p99.9     10.0 ms    10.0 ms    +0.0%                             same

Told from chance by 0 and 0 seconds; repeated runs, three or more a side, tell more (Mann-Whitney).
)");
}

TEST(Compare, TellsWhatBecameBehindTheServerWhereAllRunsHaveIt) {
  const auto followed = [](std::uint64_t arrived, std::chrono::seconds took) {
    report::Run run = even_run(100, 10ms, false);
    metrics::EndToEnd& behind = run.measurement.end_to_end.emplace();
    behind = {.asked = 100, .accepted = 100, .arrived = arrived, .backlog = 100 - arrived};
    for (std::uint64_t i = 0; i < arrived; ++i) behind.latency.record(took);
    return run;
  };
  const std::string text =
      describe(compare({followed(100, 1s), followed(100, 1s), followed(100, 1s)},
                       {followed(99, 2s), followed(99, 2s), followed(99, 2s)}),
               {});
  EXPECT_NE(
      text.find("\nnot arrived of all asked         0%      1.00%      new  new .. new          "
                "0.050  WORSE\n"
                "e2e p50                      1.00 s     2.00 s  +100.0%"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("\ne2e p99                      1.00 s     2.00 s  +100.0%"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\nbacklog                           0          1      new"),
            std::string::npos)
      << text;
  // Of which there is no 99th percentile.
  const Comparison none = compare({followed(100, 1s)}, {followed(98, 1s)});
  ASSERT_EQ(none.changes.size(), 10U);
  EXPECT_EQ(none.changes[7].figure, "not arrived of all asked");
  EXPECT_EQ(none.changes[8].figure, "e2e p50");
  EXPECT_EQ(none.changes[9].figure, "backlog");
  EXPECT_EQ(none.regressions(0.05).size(), 2U);
  EXPECT_EQ(compare({followed(100, 1s)}, {even_run(100, 10ms, false)}).changes.size(), 7U);
}

TEST(Compare, OfSharesIsAShareOfThem) {
  report::Run tenth = even_run(900, 10ms, true);
  report::Run fifth = tenth;
  fifth.measurement.total.counters.refused = 225;
  const Comparison comparison = compare({tenth}, {fifth});
  EXPECT_NEAR(comparison.changes[1].loss, 1, 1e-9);
  EXPECT_EQ(comparison.changes[1].meaning, Change::Meaning::unclear);
  tenth.measurement.total.counters.refused = 0;
  EXPECT_EQ(compare({tenth}, {tenth}).changes[1].loss, 0);
}

TEST(Compare, OfSingleRunsUsesTheirSeconds) {
  const Comparison comparison = compare({sample_run(10, 5, 1)}, {sample_run(10, 8, 2)});
  EXPECT_EQ(comparison.by, Comparison::By::seconds);
  EXPECT_EQ(comparison.base_values, 10U);
  EXPECT_EQ(comparison.regressions(0.05).size(), 5U);
  EXPECT_NE(describe(comparison, {}).find(" <0.001  WORSE\n"), std::string::npos);
}

TEST(Compare, OfSecondsTakesThoseThatWereMeasuredWhole) {
  report::Run run = sample_run(10, 5);
  run.measurement.measured = 7s;  // behind a warm-up of three
  EXPECT_EQ(compare({run}, {run}).base_values, 7U);
  run.measurement.series.back().length = 0.5;
  EXPECT_EQ(compare({run}, {run}).next_values, 6U);
  run.measurement.series[5].hold({});
  EXPECT_EQ(compare({run}, {run}).base_values, 5U);
}

TEST(Compare, OfALossAtTheLimitIsNoRegression) {
  const Comparison half = compare({even_run(900, 10ms, false)}, {even_run(450, 10ms, false)});
  EXPECT_TRUE(half.regressions(0.5).empty());
  EXPECT_EQ(half.regressions(0.499).size(), 1U);
  // Whatever the limit, where there was nothing before.
  const Comparison failing = compare({even_run(900, 10ms, false)}, {even_run(900, 10ms, true)});
  ASSERT_EQ(failing.regressions(1'000).size(), 1U);
  EXPECT_EQ(failing.regressions(1'000)[0]->figure, "not delivered");
}

TEST(Compare, OfSecondsLooksAtWhatFailedInThem) {
  const auto failing = [](std::uint64_t a_second) {
    report::Run run = sample_run(10, 5);
    for (metrics::Row& row : run.measurement.series) row.counters.refused = a_second;
    return run;
  };
  const Comparison comparison = compare({failing(25)}, {failing(100)});
  EXPECT_NEAR(comparison.changes[1].ratio.low, 0.5 / 0.2, 1e-9);
  EXPECT_NEAR(comparison.changes[1].ratio.high, 0.5 / 0.2, 1e-9);
}

// Where half of the runs are alike, the others may differ as they like.
TEST(Compare, OfEqualMediansIsNoChange) {
  std::vector<report::Run> base;
  std::vector<report::Run> next;
  for (const std::uint64_t messages : {1U, 2U, 3U, 10U, 10U, 10U, 10U, 10U}) {
    base.push_back(even_run(messages, 10ms, false));
  }
  for (const std::uint64_t messages : {10U, 10U, 10U, 10U, 10U, 20U, 21U, 22U}) {
    next.push_back(even_run(messages, 10ms, false));
  }
  for (const Comparison& comparison : {compare(base, next), compare(next, base)}) {
    EXPECT_EQ(comparison.changes[0].meaning, Change::Meaning::noise);
  }
}

TEST(Compare, OfTooLittleLetsTheLimitAloneDecide) {
  const Comparison comparison = compare({sample_run(2, 5, 1)}, {sample_run(2, 8, 2)});
  EXPECT_EQ(comparison.changes[2].meaning, Change::Meaning::unclear);
  EXPECT_EQ(comparison.regressions(0.05).size(), 5U);
  EXPECT_TRUE(comparison.regressions(1).empty());
}

}  // namespace
}  // namespace millrace::report
