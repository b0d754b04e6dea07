#include "sink/control/stats.h"

#include <gtest/gtest.h>

#include <chrono>

#include "metrics/reply_counts.h"
#include "smtp/verb.h"

namespace millrace::sink {
namespace {

using nlohmann::json;

TEST(Stats, TellCommandsSinceTheReset) {
  Stats before;
  before.counts.commands[smtp::index(smtp::Verb::mail)] = 3;
  before.counts.commands[smtp::index(smtp::Verb::rcpt)] = 5;
  Stats now = before;
  now.counts.commands[smtp::index(smtp::Verb::rcpt)] = 6;
  now.counts.commands[metrics::ReplyCounts::kUnknown] = 2;
  EXPECT_EQ(
      stats_json(now, before, {})["commands"],
      json::parse(R"([{"command": "RCPT", "count": 1}, {"command": "UNKNOWN", "count": 2}])"));
}

TEST(Stats, TellLatenciesSinceTheReset) {
  Stats before{.verify = metrics::VerifyMetrics{}};
  before.verify->from_due.record(std::chrono::seconds(10));
  before.verify->from_due.record(std::chrono::microseconds(5));
  Stats now = before;
  EXPECT_EQ(stats_json(now, before, {})["verify"]["from_due"],
            json::parse(R"({"count": 0, "p50": 0, "p90": 0, "p99": 0, "p99_9": 0, "max": 0,
                            "mean": 0.0})"));
  now.verify->from_due.record(std::chrono::microseconds(5));
  now.verify->from_due.record(std::chrono::microseconds(9));
  now.verify->from_sent.record(std::chrono::microseconds(3));
  const json told = stats_json(now, before, {})["verify"];
  EXPECT_EQ(told["from_due"], json::parse(R"({"count": 2, "p50": 5, "p90": 9, "p99": 9, "p99_9": 9,
                                              "max": 9, "mean": 7.0})"));
  EXPECT_EQ(told["from_sent"]["count"], 1);
}

TEST(Stats, LeaveOutRunsOfWhichNothingHasComeSinceTheReset) {
  Stats before{.verify = metrics::VerifyMetrics{}};
  before.runs[0] = {.run = {.high = 1, .low = 2}, .come = 5, .beyond = 9};
  before.runs[1] = {.run = {.high = 3, .low = 4}, .come = 1, .beyond = 2};
  Stats now = before;
  now.runs[1] = {.run = {.high = 3, .low = 4}, .come = 2, .beyond = 10};
  now.runs[2] = {.run = {.high = 5, .low = 6}, .come = 1, .beyond = 1};
  const json told = stats_json(now, before, {})["verify"];
  EXPECT_EQ(told["missing"], 8);
  EXPECT_EQ(told["runs"],
            json::parse(R"([{"run": "00000000000000030000000000000004", "come": 2, "missing": 8},
                            {"run": "00000000000000050000000000000006", "come": 1, "missing": 0}])"));
}

}  // namespace
}  // namespace millrace::sink
