#include "report/merge.h"

#include <gtest/gtest.h>

#include <vector>

#include "metrics/codec.h"
#include "report/json.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::message_of;
using test::sample_run;
using test::sample_sink;

TEST(Merge, AddsCountersAndHistogramsAndAlignsSeconds) {
  report::Run a = sample_run(4, 5);
  report::Run b = sample_run(4, 50);
  b.environment.host = "i";
  b.measurement.start += 2'100ms;
  a.verdicts = {{.threshold = "p50<1ms"}};
  const report::Run both = merge({a, b}, {"a", "b"});
  const metrics::Measurement& measured = both.measurement;
  EXPECT_EQ(measured.total.counters.delivered, 800U);
  EXPECT_EQ(measured.total.intended.count(), 800U);
  EXPECT_EQ(measured.elapsed, 6'100ms);
  ASSERT_EQ(measured.series.size(), 6U);
  EXPECT_EQ(measured.series[0].counters.delivered, 100U);
  EXPECT_EQ(measured.series[2].counters.delivered, 200U);
  EXPECT_EQ(metrics::decode(measured.series[2].encoded)->count(), 200U);
  EXPECT_GE(measured.series[2].p99, 50'000U);
  EXPECT_EQ(measured.series[5].counters.delivered, 100U);
  EXPECT_EQ(both.environment.host, "h, i");
  EXPECT_EQ(both.environment.cores, 4U);
  ASSERT_EQ(both.verdicts.size(), 1U);
  EXPECT_FALSE(both.verdicts[0].passed);
  EXPECT_EQ(measured.stages.size(), 1U);
  EXPECT_EQ(measured.stages[0].metrics.counters.delivered, 800U);
}

TEST(Merge, NamesEveryHostOnce) {
  const auto on = [](const char* host) {
    report::Run run = sample_run(1, 5);
    run.environment.host = host;
    return run;
  };
  const std::vector<report::Run> runs = {on("load10"), on("load1"), on("load10"),
                                         on("load2, load1")};
  EXPECT_EQ(merge(runs, {"a", "b", "c", "d"}).environment.host, "load10, load1, load2");
}

TEST(Merge, KeepsSettingsThatAllAgreeInAndNamesTheOthers) {
  report::Run a = sample_run(1, 5);
  report::Run b = a;
  a.settings = {{"to", "h:25"}, {"load", "closed loop"}, {"clients", "3 idle 60s, 2 good"}};
  b.settings = {{"to", "h:25"}, {"load", "open loop"}, {"retries", "5x1s"}};
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"to", "h:25"}, {"differing", "load, clients, retries"}, {"merged", "2 runs: a, b"}};
  EXPECT_EQ(merge({a, b}, {"a", "b"}).settings, expected);
  const report::Run both = merge({a, a}, {"a", "b"});
  EXPECT_EQ(both.settings.size(), 4U);
  EXPECT_EQ(both.settings[2].second, "3 idle 60s, 2 good");
  // The same for what was merged before.
  const report::Run again = merge({both, merge({a, b}, {"c", "d"})}, {"e", "f"});
  EXPECT_EQ(again.settings.at(1).second, "load, clients, retries");
  EXPECT_EQ(again.settings.at(2).second, "2 runs: e, f");
  EXPECT_EQ(again.settings.size(), 3U);
}

TEST(Merge, TheFarthestThatIsReadDoesNotOverflow) {
  report::Run first = sample_run(1, 5);
  report::Run last = first;
  first.measurement.start = {};
  const auto read_with = [](std::string text, const std::string& old, const std::string& put) {
    return text.replace(text.find(old), old.size(), put);
  };
  std::string text = to_json(last);
  text = read_with(text, "\"start_epoch_s\": 1700000000.0", "\"start_epoch_s\": 4e9");
  text = read_with(text, "\"elapsed_s\": 1.0", "\"elapsed_s\": 1e9");
  last = from_json(text, "last");
  const report::Run both = merge({first, last}, {"first", "last"});
  EXPECT_EQ(both.measurement.elapsed, 5'000'000'000s);
}

TEST(Merge, OfASourceAndASinkIsRefused) {
  report::Run sink = sample_run(1, 5);
  sink.kind = report::Run::Kind::sink;
  EXPECT_EQ(message_of([&] {
              merge({sample_run(1, 5), sink}, {"a", "b"});
            }),
            "a is of a source, b of a sink: they cannot be merged");
}

// One of ten late in 9% is 0.9% of all, which is not many.
TEST(Merge, TellsWhoseGeneratorMayHaveSetThePace) {
  std::vector<report::Run> runs;
  std::vector<std::string> names;
  for (int rank = 0; rank < 10; ++rank) {
    runs.push_back(sample_run(1, 5));
    runs.back().environment.host = "h" + std::to_string(rank);
    runs.back().measurement.generator = {};
    for (int i = 0; i < 100; ++i) runs.back().measurement.generator.start_lag.record(0us);
    names.push_back("rank " + std::to_string(rank));
  }
  EXPECT_EQ(merge(runs, names).measurement.limits(), std::vector<std::string>{});
  runs[3].measurement.generator.late_starts = 9;
  const report::Run whole = merge(runs, names);
  const std::vector<std::string> expected = {
      "rank 3 (h3): it began 9.0% of the arrivals more than 1 ms late"};
  EXPECT_EQ(whole.measurement.limits(), expected);
  const report::Run read = from_json(to_json(whole), "a.json");
  EXPECT_EQ(read.measurement.limits(), expected);
  const report::Run more = merge({read, runs[0]}, {"a.json", "b.json"});
  EXPECT_EQ(more.measurement.limits(), std::vector{"a.json: " + expected.front()});
  EXPECT_EQ(merge({runs[3]}, {"a"}).measurement.limits().at(0),
            "it began 9.0% of the arrivals more than 1 ms late");
}

TEST(Merge, TellsOfManySuchGeneratorsHowManyThereAre) {
  report::Run late = sample_run(1, 5);
  late.measurement.generator = {};
  late.measurement.generator.busy = {0.95};
  const std::vector<report::Run> runs(300, late);
  const auto limits = merge(runs, std::vector<std::string>(runs.size(), "a")).measurement.limits();
  ASSERT_EQ(limits.size(), 17U);
  EXPECT_EQ(limits.back(), "and 284 more of others");
}

TEST(Merge, AddsAllThatARowAndAPartHave) {
  report::Run a = sample_run(1, 5);
  metrics::Row& row = a.measurement.series[0];
  row.sessions_open = 3;
  row.in_flight = 2;
  row.errors[metrics::index(metrics::Error::refused)] = 1;
  row.errors[metrics::index(metrics::Error::tls)] = 4;
  a.measurement.warmup.delivered = 7;
  a.measurement.generator.late_starts = 5;
  report::Run b = a;
  row.length = 0.5;
  b.measurement.ending = metrics::Ending::interrupted;
  b.measurement.open_loop = true;
  b.measurement.series[0].stage = "";
  b.environment = {.host = "h", .kernel = "L", .cpu = "d", .cores = 3, .engine = "e", .threads = 6};
  for (const auto& parts : {std::vector{a, b}, std::vector{b, a}}) {
    const report::Run both = merge(parts, {"a", "b"});
    const metrics::Row& sum = both.measurement.series.at(0);
    EXPECT_EQ(sum.sessions_open, 6U);
    EXPECT_EQ(sum.in_flight, 4U);
    EXPECT_EQ(sum.errors[metrics::index(metrics::Error::refused)], 2U);
    EXPECT_EQ(sum.errors[metrics::index(metrics::Error::tls)], 8U);
    EXPECT_EQ(sum.asked, 200);
    EXPECT_EQ(sum.length, 1);
    EXPECT_EQ(sum.stage, "run");
    EXPECT_EQ(both.measurement.warmup.delivered, 14U);
    EXPECT_EQ(both.measurement.generator.late_starts, 10U);
    EXPECT_EQ(both.measurement.ending, metrics::Ending::interrupted);
    EXPECT_TRUE(both.measurement.open_loop);
    EXPECT_EQ(both.environment.cores, 3U);  // both are of one host
    EXPECT_EQ(both.environment.threads, 7U);
    EXPECT_EQ(both.settings.back().first, "merged");
    EXPECT_EQ(both.settings.back().second, "2 runs: a, b");
  }
  EXPECT_EQ(merge({a, a}, {"a", "b"}).measurement.series.at(0).length, 0.5);
  const report::Run both = merge({a, b}, {"a", "b"});
  EXPECT_EQ(both.environment.kernel, "Linux, L");
  EXPECT_EQ(both.environment.cpu, "c, d");
  EXPECT_EQ(both.environment.engine, "epoll, e");
}

// What was measured begins with the first that is behind its warm-up.
TEST(Merge, MeasuresFromTheFirstToTheLast) {
  report::Run a = sample_run(4, 5);
  a.measurement.measured = 3s;
  report::Run b = sample_run(4, 5);
  b.measurement.start += 2'600ms;
  for (const auto& parts : {std::vector{a, b}, std::vector{b, a}}) {
    const metrics::Measurement whole = merge(parts, {"a", "b"}).measurement;
    EXPECT_EQ(whole.start, a.measurement.start);
    EXPECT_EQ(whole.elapsed, 6'600ms);
    EXPECT_EQ(whole.measured, 5'600ms);
    ASSERT_EQ(whole.series.size(), 7U);  // the seconds of the second one from the third on
    EXPECT_EQ(whole.series[2].counters.delivered, 100U);
    EXPECT_EQ(whole.series[3].counters.delivered, 200U);
  }
}

TEST(Merge, WithOneThatHadNoClientMeasuresTheOthers) {
  report::Run busy = sample_sink(4);
  busy.measurement.measured = 3s;
  report::Run idle = sample_sink(0);
  idle.measurement.elapsed = idle.measurement.measured = 0s;
  EXPECT_EQ(merge({busy, idle}, {"a", "b"}).measurement.measured, 3s);
  EXPECT_EQ(merge({idle, idle}, {"a", "b"}).measurement.measured, 0s);
}

TEST(Merge, KeepsStagesApartThatDiffer) {
  const report::Run a = sample_run(1, 5);
  report::Run b = a;
  b.measurement.stages[0].name = "other";
  report::Run longer = a;
  longer.measurement.stages.push_back(b.measurement.stages[0]);
  EXPECT_EQ(merge({a, b}, {"a", "b"}).measurement.stages.size(), 2U);
  EXPECT_EQ(merge({a, longer}, {"a", "b"}).measurement.stages.size(), 2U);
  EXPECT_EQ(merge({longer, longer}, {"a", "b"}).measurement.stages.size(), 2U);
}

TEST(Merge, AddsHitsOfRulesByTheirNames) {
  report::Run a = sample_sink(1);
  report::Run b = sample_sink(1);
  b.measurement.rules = {{.name = "outage", .hits = 2},
                         {.name = "slow", .hits = 5},
                         {.name = "greylisting", .hits = 1},
                         {.name = "slow", .hits = 4}};
  b.measurement.keys_forgotten = 6;
  const metrics::Measurement sum = merge({a, b}, {"a", "b"}).measurement;
  ASSERT_EQ(sum.rules.size(), 4U);
  const auto is = [&sum](std::size_t place, const char* name, std::uint64_t hits) {
    EXPECT_EQ(sum.rules[place].name, name);
    EXPECT_EQ(sum.rules[place].hits, hits);
  };
  is(0, "greylisting", 12'346);
  is(1, "outage", 2);
  is(2, "big-is-strict", 7);
  is(3, "slow", 9);
  EXPECT_EQ(sum.keys_forgotten, 1'240U);
}

TEST(Merge, AddsAnswersOfThoseThatGaveAny) {
  const report::Run a = sample_sink(1);
  report::Run none = a;
  none.measurement.answers.reset();
  EXPECT_FALSE(merge({none, none}, {"a", "b"}).measurement.answers);
  for (const auto& parts : {std::vector{a, none}, std::vector{none, a}}) {
    const auto answers = merge(parts, {"a", "b"}).measurement.answers;
    ASSERT_TRUE(answers);
    EXPECT_EQ(answers->queued, 1'050U);
  }
  const auto both = merge({a, a}, {"a", "b"}).measurement.answers;
  ASSERT_TRUE(both);
  for (const auto& row : metrics::kAnswerNames) {
    EXPECT_EQ(*both.*row.counter, 2 * (*a.measurement.answers.*row.counter)) << row.name;
  }
}

TEST(Merge, AddsTheLogsOfThoseThatWroteOne) {
  const report::Run none = sample_run(1, 5);
  report::Run a = none;
  a.measurement.log = {.lines = 7, .dropped = 2};
  EXPECT_FALSE(merge({none, none}, {"a", "b"}).measurement.log);
  EXPECT_EQ(merge({none, a}, {"a", "b"}).measurement.log->lines, 7U);
  const auto both = merge({a, a}, {"a", "b"}).measurement.log;
  EXPECT_EQ(both->lines, 14U);
  EXPECT_EQ(both->dropped, 4U);
}

TEST(Merge, NamesAJournalThatIsOfAllOfThem) {
  const report::Run none = sample_run(1, 5);
  report::Run a = none;
  report::Run b = none;
  a.measurement.proof = {.run = "0a", .path = "sent.proof", .records = 7, .lost = 2};
  b.measurement.proof = {.run = "0b", .path = "sent.proof", .records = 1};
  EXPECT_FALSE(merge({none, none}, {"a", "b"}).measurement.proof);
  EXPECT_EQ(merge({none, a}, {"a", "b"}).measurement.proof->run, "0a");
  const auto both = merge({a, b}, {"a", "b"}).measurement.proof;
  EXPECT_EQ(both->run, "");
  EXPECT_EQ(both->path, "sent.proof");
  EXPECT_EQ(both->records, 8U);
  EXPECT_EQ(both->lost, 2U);
}

// A row that one host left out, as nothing occurred there.
TEST(Merge, TakesEachSecondOnceWhoeverHasIt) {
  report::Run a = sample_run(4, 5);
  report::Run b = sample_run(4, 5);
  a.measurement.series.erase(a.measurement.series.begin());
  b.measurement.series.erase(b.measurement.series.begin() + 2);
  const std::vector<metrics::Row> rows = merge({a, b}, {"a", "b"}).measurement.series;
  ASSERT_EQ(rows.size(), 4U);
  for (std::uint64_t second = 0; second < 4; ++second) {
    EXPECT_EQ(rows[second].number, second);
    EXPECT_EQ(rows[second].counters.delivered, second % 2 == 1 ? 200U : 100U);
  }
}

TEST(Merge, WhatBecameOfMessagesBehindTheServerIsAddedUp) {
  report::Run one = sample_run(1, 5);
  report::Run other = sample_run(1, 5);
  EXPECT_FALSE(merge({one, other}, {"a", "b"}).measurement.end_to_end);
  one.measurement.end_to_end = {
      .asked = 12, .accepted = 10, .arrived = 9, .bounced = 1, .backlog = 5};
  one.measurement.end_to_end->latency.record(std::chrono::seconds(1));
  EXPECT_FALSE(merge({one, other}, {"a", "b"}).measurement.end_to_end);  // nor of one alone
  other.measurement.end_to_end = {.asked = 20, .accepted = 20, .arrived = 18, .backlog = 7};
  one.verdicts = {{"backlog<10", "5", true}};
  const report::Run sum = merge({one, other}, {"a", "b"});
  const metrics::EndToEnd& behind = sum.measurement.end_to_end.value();
  EXPECT_EQ(behind.asked, 32U);
  EXPECT_EQ(behind.accepted, 30U);
  EXPECT_EQ(behind.not_arrived(), 3U);
  EXPECT_EQ(behind.bounced, 1U);
  EXPECT_EQ(behind.backlog, 12U);
  EXPECT_EQ(behind.latency.count(), 1U);
  EXPECT_FALSE(sum.verdicts.at(0).passed);  // the queue of the server is that of both
}

}  // namespace
}  // namespace millrace::report
