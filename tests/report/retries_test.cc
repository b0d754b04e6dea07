// Runs of a source that sent again what was not taken, in each of their faces.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "metrics/metrics.h"
#include "report/json.h"
#include "report/merge.h"
#include "report/summary.h"
#include "report/tables.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

Run retried() {
  Run run = test::sample_run(2, 5);
  metrics::Metrics& total = run.measurement.total;
  total.counters.given_up = 4;
  total.counters.waiting = 3;
  total.counters.shed = 2;
  total.counters.retries = 1'234;
  total.counters.in_doubt = 11;
  total.counters.possible_duplicates = 9;
  total.counters.recipients_given_up = 13;
  for (int message = 0; message < 190; ++message) total.count_attempts(1);
  for (int message = 0; message < 8; ++message) total.count_attempts(3);
  for (const std::uint64_t many : {32U, 33U, 1'000'000U}) total.count_attempts(many);
  return run;
}

TEST(Retries, AreReadAsTheyWereWritten) {
  const std::string text = to_json(retried());
  const report::Run read = from_json(text, "a.json");
  EXPECT_EQ(to_json(read), text);
  const metrics::Metrics& total = read.measurement.total;
  EXPECT_EQ(total.counters.failed(), 9U);
  EXPECT_EQ(total.counters.possible_duplicates, 9U);
  EXPECT_EQ(total.attempts[0], 190U);
  EXPECT_EQ(total.attempts[2], 8U);
  EXPECT_EQ(total.attempts[31], 3U);
}

TEST(Retries, CountsOfAttemptsEndWithTheLastOfThem) {
  report::Run run = retried();
  run.measurement.total.attempts = {5, 0, 1};
  EXPECT_EQ(nlohmann::json::parse(to_json(run))["attempts"], nlohmann::json({5, 0, 1}));
  run.measurement.total.attempts = {};
  EXPECT_EQ(nlohmann::json::parse(to_json(run))["attempts"], nlohmann::json::array());
}

// A newer version may tell more of them apart.
TEST(Retries, MoreAttemptsThanAreToldApartAreAddedToTheLast) {
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(to_json(retried()));
  json["attempts"] = std::vector<int>(40, 1);
  const metrics::AttemptCounts read = from_json(json.dump(), "a.json").measurement.total.attempts;
  EXPECT_EQ(read[30], 1U);
  EXPECT_EQ(read[31], 9U);
}

TEST(Retries, CountsOfAttemptsAreCounts) {
  for (const char* const wrong : {"7", "{}", "[-1]", "[\"x\"]", "[[1]]"}) {
    nlohmann::ordered_json json = nlohmann::ordered_json::parse(to_json(retried()));
    json["attempts"] = nlohmann::ordered_json::parse(wrong);
    EXPECT_NE(test::message_of([&] { from_json(json.dump(), "a.json"); }), "nothing was thrown")
        << wrong;
  }
}

TEST(Retries, AreInTheSummary) {
  const std::string text = summary(retried(), {});
  EXPECT_NE(text.find(R"(                            4 given up after retries
                            3 still waiting for a retry
                            2 shed, as too many waited
)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(
Retries
  retries               1,234 after the first attempts
  in doubt                 11 without a yes or no to all of the content
  duplicates                9 possible at most
  recipients               13 given up
  attempts                190 over after 1
                            8 over after 3
                            3 over after 32 or more
)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("4.31% of 209 not delivered"), std::string::npos) << text;
}

TEST(Retries, AreInTheSummaryWhereAnythingOfThemHappened) {
  using metrics::Counters;
  for (std::uint64_t Counters::*one : {&Counters::retries, &Counters::in_doubt, &Counters::given_up,
                                       &Counters::waiting, &Counters::shed}) {
    for (std::uint64_t Counters::*other :
         {&Counters::retries, &Counters::in_doubt, &Counters::given_up, &Counters::waiting,
          &Counters::shed}) {
      report::Run run = test::sample_run(2, 5);
      Counters& counters = run.measurement.total.counters;
      counters.*one = counters.*other = 1;
      const std::string text = summary(run, {});
      EXPECT_NE(text.find("\nRetries\n"), std::string::npos);
      EXPECT_EQ(text.find("\n  recipients                0 given up"), std::string::npos);
    }
  }
}

// In closed loop too: it is what the retries have cost.
TEST(Retries, HaveTheSummaryTellTheTimeUntilMessagesWereAccepted) {
  EXPECT_NE(summary(retried(), {}).find("\n  intended "), std::string::npos);
  EXPECT_EQ(summary(test::sample_run(2, 5), {}).find("\n  intended "), std::string::npos);
  EXPECT_EQ(summary(test::sample_run(2, 5), {}).find("Retries"), std::string::npos);
}

TEST(Retries, AreAddedWhenRunsAreMerged) {
  const report::Run sum = merge({retried(), retried()}, {"a", "b"});
  const metrics::Metrics& total = sum.measurement.total;
  EXPECT_EQ(total.counters.retries, 2'468U);
  EXPECT_EQ(total.counters.waiting, 6U);
  EXPECT_EQ(total.attempts[2], 16U);
}

TEST(Retries, WhereMostMessagesWereGivenUpThatComesFirst) {
  report::Run run = retried();
  EXPECT_FALSE(run.measurement.turned_away());
  run.measurement.total.counters.given_up = 1'000;
  EXPECT_TRUE(run.measurement.turned_away());
  EXPECT_FALSE(run.measurement.carried());
}

}  // namespace
}  // namespace millrace::report
