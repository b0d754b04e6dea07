#include "report/capacity_summary.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "report/json.h"
#include "report/summary.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using Outcome = CapacityProbe::Outcome;
using Limit = Capacity::Limit;

CapacityProbe missed(double level, std::vector<Verdict> verdicts) {
  return {.level = level,
          .outcome = Outcome::missed,
          .length = 10s,
          .rate = level * 0.9,
          .failed_share = 0.01,
          .p50 = 900'000,
          .p99 = 1'200'000,
          .most = 1'300'000,
          .verdicts = std::move(verdicts)};
}

Capacity found() {
  return {
      .objective = {"p99<250ms", "errors<0.1%"},
      .level = 7'400,
      .confirmed = true,
      .limited_by = Limit::server,
      .limited_at = 7'800,
      .low = 100,
      .high = 50'000,
      .resolution = 0.05,
      .confirm = 60s,
      .probes = {{.level = 7'400,
                  .outcome = Outcome::held,
                  .length = 10s,
                  .rate = 7'400,
                  .p50 = 2'000,
                  .p99 = 30'000,
                  .most = 31'000,
                  .verdicts = {{"p99<250ms", "30.0 ms", true}, {"errors<0.1%", "0%", true}}},
                 missed(7'800, {{"p99<250ms", "1.20 s", false}, {"errors<0.1%", "1.0%", false}}),
                 {.level = 8'000, .outcome = Outcome::late, .length = 10s, .reason = "it slept"},
                 {.level = 7'400, .confirms = true, .outcome = Outcome::held, .length = 60s}}};
}

TEST(CapacitySummary, TellsWhatArrivedOfEachProbe) {
  Capacity capacity = found();
  report::Run run{.capacity = capacity};
  EXPECT_EQ(summary(run, {}).find("Probes to the arrival"), std::string::npos);
  for (CapacityProbe& probe : capacity.probes) {
    probe.arrivals = {.p50 = 3'000, .p99 = 40'000, .most = 50'000, .not_arrived = 1, .backlog = 7};
  }
  capacity.probes[1].arrivals->backlog = 1'234;
  capacity.probes[1].verdicts = {{"e2e.p99<5s", "5.0% was not accepted or did not arrive", false},
                                 {"backlog<1000", "1,234", false}};
  run.capacity = capacity;
  const std::string text = summary(run, {});
  EXPECT_NE(
      text.find("\nProbes to the arrival       backlog      p50      p99      max not arrived\n"
                "  7,400/s       held              7  3.00 ms  40.0 ms  50.0 ms           1\n"
                "  7,800/s       missed        1,234  3.00 ms"),
      std::string::npos)
      << text;
  EXPECT_TRUE(
      capacity_line(capacity).ends_with("; at 7,800/s 5.0% was not accepted or did not arrive"));
  capacity.probes[1].verdicts.erase(capacity.probes[1].verdicts.begin());
  EXPECT_TRUE(capacity_line(capacity).ends_with("; at 7,800/s backlog was 1,234"));
  EXPECT_EQ(summary(from_json(to_json(run), "a.json"), {}), text);
}

TEST(CapacitySummary, SaysHowMuchTheServerHoldsAndWhatItDoesAbove) {
  EXPECT_EQ(capacity_line(found()),
            "the server holds p99<250ms, errors<0.1% up to 7,400/s, confirmed for 60 s; at 7,800/s "
            "p99 was 1.20 s");
  Capacity range = found();
  range.limited_by = Limit::range;
  range.limited_at = 0;
  EXPECT_EQ(
      capacity_line(range),
      "the server holds p99<250ms, errors<0.1% up to 7,400/s, confirmed for 60 s; more was not "
      "asked for");
  Capacity unknown = found();
  unknown.limited_by = Limit::unknown;
  unknown.confirmed = false;
  EXPECT_EQ(capacity_line(unknown),
            "the server holds p99<250ms, errors<0.1% up to 7,400/s, not confirmed; at 7,800/s p99 "
            "was 1.20 s");
}

TEST(CapacitySummary, OnlyASearchThatCameToItsEndHasFoundIt) {
  Capacity capacity = found();
  for (const auto& [limit, expected] : {std::pair(Limit::server, true),
                                        {Limit::range, true},
                                        {Limit::generator, false},
                                        {Limit::unknown, false}}) {
    capacity.limited_by = limit;
    EXPECT_EQ(capacity.found(), expected);
  }
  capacity.limited_by = Limit::server;
  capacity.confirmed = false;
  EXPECT_FALSE(capacity.found());
}

TEST(CapacitySummary, SaysWhatIsNotKnown) {
  Capacity limited = found();
  limited.limited_by = Limit::generator;
  limited.limited_at = 12'800;
  limited.confirmed = false;
  EXPECT_EQ(capacity_line(limited),
            "the generator was the limit at 12,800/s: p99<250ms, errors<0.1% held up to 7,400/s; "
            "at 7,800/s p99 was 1.20 s");
  limited.probes.push_back(missed(7'700, {{"p99<250ms", "270 ms", false}}));
  limited.probes.push_back(missed(7'900, {{"p99<250ms", "2.70 s", false}}));
  limited.probes.push_back(missed(7'400, {{"p99<250ms", "250 ms", false}}));
  limited.confirmed = true;
  EXPECT_EQ(capacity_line(limited),
            "the generator was the limit at 12,800/s: p99<250ms, errors<0.1% held up to 7,400/s, "
            "confirmed; at 7,700/s p99 was 270 ms");
  limited.probes.push_back(missed(7'700, {}));
  limited.probes.back().outcome = Outcome::held;
  limited.probes.push_back(missed(7'800, {}));
  limited.probes.back().outcome = Outcome::late;
  EXPECT_EQ(capacity_line(limited),
            "the generator was the limit at 12,800/s: p99<250ms, errors<0.1% held up to 7,400/s, "
            "confirmed; at 7,800/s p99 was 1.20 s");
  std::erase_if(limited.probes,
                [](const CapacityProbe& probe) { return probe.outcome == Outcome::missed; });
  limited.probes.push_back(missed(12'800, {{"p99<250ms", "2.70 s", false}}));
  limited.confirmed = false;
  EXPECT_EQ(
      capacity_line(limited),
      "the generator was the limit at 12,800/s: p99<250ms, errors<0.1% held up to 7,400/s, and "
      "above nothing is known of the server");
  limited.level = 0;
  EXPECT_EQ(capacity_line(limited),
            "the generator was the limit at 12,800/s: nothing is known of the server");
  EXPECT_EQ(capacity_line({.objective = {"p99<1s"}}), "nothing is known of p99<1s yet");
  limited = found();
  limited.limited_by = Limit::unknown;
  limited.level = 0;
  EXPECT_EQ(capacity_line(limited),
            "p99<250ms, errors<0.1% did not hold at 7,800/s: p99 was 1.20 s; below nothing is "
            "known yet");
}

TEST(CapacitySummary, SaysWhenNothingHolds) {
  Capacity none = found();
  none.level = 0;
  none.confirmed = false;
  EXPECT_EQ(capacity_line(none),
            "the server does not hold p99<250ms, errors<0.1% even at 7,800/s: p99 was 1.20 s");
  none.probes = {missed(7'800, {{"p99<250ms", "5.0% failed", false}})};
  EXPECT_EQ(capacity_line(none),
            "the server does not hold p99<250ms, errors<0.1% even at 7,800/s: 5.0% failed");
  none.probes = {missed(7'800, {{"p99<250ms", "nothing measured", false}})};
  EXPECT_EQ(
      capacity_line(none),
      "the server does not hold p99<250ms, errors<0.1% even at 7,800/s: nothing was measured");
}

TEST(CapacitySummary, SaysWhichTermDidNotHold) {
  Capacity failing = found();
  failing.probes = {
      missed(7'800, {{"p99<250ms", "3.00 ms", true}, {"errors<0.1%", "1.0%", false}})};
  EXPECT_TRUE(capacity_line(failing).ends_with("; at 7,800/s errors were 1.0%"));
}

TEST(CapacitySummary, SaysWhatFellBehindThoughAllTermsHeld) {
  report::Run run;
  run.capacity = found();
  CapacityProbe behind = missed(7'800, {{"errors<0.1%", "0%", true}});
  behind.reason = "only 9 of 100 messages were over in time";
  run.capacity->probes = {behind};
  EXPECT_TRUE(capacity_line(*run.capacity)
                  .ends_with("; at 7,800/s only 9 of 100 messages were over in time"));
  EXPECT_EQ(probe_line(Capacity::Of::rate, behind),
            "7,800/s did not hold: errors 0%, only 9 of 100 messages were over in time");
  EXPECT_EQ(from_json(to_json(run), "a.json").capacity->probes.at(0).reason, behind.reason);
}

TEST(CapacitySummary, LevelsAreRatesOrSessions) {
  EXPECT_EQ(level_text(Capacity::Of::rate, 7'400), "7,400/s");
  EXPECT_EQ(level_text(Capacity::Of::rate, 12.3), "12.3/s");
  EXPECT_EQ(level_text(Capacity::Of::sessions, 1), "1 session");
  EXPECT_EQ(level_text(Capacity::Of::sessions, 1'200), "1,200 sessions");
}

TEST(CapacitySummary, AProbeIsALine) {
  const Capacity capacity = found();
  EXPECT_EQ(probe_line(capacity.of, capacity.probes[0]), "7,400/s held: p99 30.0 ms, errors 0%");
  EXPECT_EQ(probe_line(capacity.of, capacity.probes[1]),
            "7,800/s did not hold: p99 1.20 s, errors 1.0%");
  EXPECT_EQ(probe_line(capacity.of, capacity.probes[2]),
            "8,000/s: nothing is known of the server, the generator was late: it slept");
  EXPECT_EQ(probe_line(capacity.of, capacity.probes[3]), "7,400/s held for 60.0 s");
}

TEST(CapacitySummary, HasATableOfProbesAndTheAnswerBehindAllElse) {
  report::Run run;
  run.capacity = found();
  const std::string text = summary(run, {});
  const std::string table = R"(
Probes                         rate      p50      p99      max   failed     took
  7,400/s       held       7400.0/s  2.00 ms  30.0 ms  31.0 ms       0%   10.0 s
  7,800/s       missed     7020.0/s   900 ms   1.20 s   1.30 s    1.00%   10.0 s
  8,000/s       late          0.0/s     0 us     0 us     0 us       0%   10.0 s
    it slept
  7,400/s       held          0.0/s     0 us     0 us     0 us       0%   60.0 s
)";
  EXPECT_NE(text.find(table), std::string::npos) << text;
  EXPECT_TRUE(
      text.ends_with("\nThe server holds p99<250ms, errors<0.1% up to 7,400/s, confirmed for "
                     "60 s; at 7,800/s p99 was 1.20 s.\n"))
      << text;
}

TEST(CapacitySummary, IsTheSameWhenItComesFromAFile) {
  report::Run run;
  run.capacity = found();
  const std::string text = to_json(run);
  EXPECT_EQ(to_json(from_json(text, "a.json")), text);
  EXPECT_EQ(summary(from_json(text, "a.json"), {}), summary(run, {}));
  run.capacity->of = Capacity::Of::sessions;
  EXPECT_EQ(summary(from_json(to_json(run), "a.json"), {}), summary(run, {}));
}

}  // namespace
}  // namespace millrace::report
