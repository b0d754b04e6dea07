#include "report/lint_summary.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "report/json.h"
#include "report/merge.h"
#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

// A sink that found this of its client.
Run judging_sink(const std::string& finding, const std::string& hello = "one.example") {
  Run run = test::sample_sink(1);
  run.measurement.lint = {.sessions = 5,
                          .faulty = 2,
                          .findings = {{.name = finding,
                                        .what = "an LF without CR",
                                        .rfc = "RFC 5321, 2.3.8",
                                        .times = 3,
                                        .sessions = 2,
                                        .sample = "NOOP \\nx",
                                        .client = "192.0.2.1 (one.example)"}},
                          .clients = {{.address = "192.0.2.1",
                                       .hello = hello,
                                       .sessions = 2,
                                       .findings = {{.name = finding, .times = 3}}}}};
  return run;
}

TEST(LintSummary, IsThereWhereASinkJudges) {
  EXPECT_EQ(summary(test::sample_sink(1), {}).find("Lint"), std::string::npos);
  const std::string text = summary(judging_sink("bare-lf"), {});
  for (const char* const line : {"\nLint: 2 of 5 sessions broke a rule\n",
                                 "\n  bare-lf                          3  in 2 sessions\n",
                                 "\n      an LF without CR (RFC 5321, 2.3.8)\n",
                                 "\n      \"NOOP \\nx\" from 192.0.2.1 (one.example)\n",
                                 "\n    192.0.2.1 (one.example), 2 sessions\n      bare-lf 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

// What a file says of a client may be anything.
TEST(LintSummary, ShowsNothingThatDrivesATerminal) {
  report::Run run = judging_sink("bare-lf\x1b[2J", "\x1b[2J");
  run.measurement.lint->findings.front().sample = "\x1b[2J\n";
  EXPECT_EQ(summary(run, {}).find('\x1b'), std::string::npos);
}

TEST(LintSummary, ListsTheWorstClientsOnly) {
  report::Run run = judging_sink("bare-lf");
  auto& clients = run.measurement.lint->clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back({.address = fmt::format("192.0.2.{}", i + 100),
                       .sessions = 1,
                       .findings = {{.name = "no-quit", .times = i == 15 ? 9U : 1U}}});
  }
  run.measurement.lint->untold = 7;
  const std::string text = summary(run, {});
  EXPECT_NE(text.find("by client\n    192.0.2.115, 1 session\n"), std::string::npos) << text;
  EXPECT_NE(text.find("and 11 more"), std::string::npos);
  EXPECT_NE(text.find("and 7 sessions of clients that are not told apart"), std::string::npos);
}

TEST(LintSummary, IsInTheFileAndAddsUp) {
  const std::string text = to_json(judging_sink("bare-lf"));
  EXPECT_EQ(to_json(from_json(text, "x")), text);
  const report::Run both = merge({judging_sink("bare-lf"), judging_sink("bare-lf"),
                                  judging_sink("nul", "two"), test::sample_sink(1)},
                                 {"a", "b", "c", "d"});
  const metrics::LintMetrics& sum = *both.measurement.lint;
  EXPECT_EQ(sum.sessions, 15U);
  EXPECT_EQ(sum.faulty, 6U);
  ASSERT_EQ(sum.findings.size(), 2U);
  EXPECT_EQ(sum.findings[0].times, 6U);
  EXPECT_EQ(sum.findings[0].sessions, 4U);
  ASSERT_EQ(sum.clients.size(), 2U);
  EXPECT_EQ(sum.clients[0].sessions, 4U);
  EXPECT_EQ(sum.clients[0].findings.front().times, 6U);
  EXPECT_EQ(sum.clients[1].hello, "two");
}

// However many are merged.
TEST(LintSummary, TellsSoManyClientsApartAndNoMore) {
  metrics::LintMetrics sum;
  constexpr std::size_t kMost = metrics::LintMetrics::kMostClients;
  for (std::size_t i = 0; i < kMost + 3; ++i) {
    metrics::LintMetrics one;
    one.clients.push_back({.address = fmt::format("{}", i), .sessions = 2});
    sum.add(one);
  }
  EXPECT_EQ(sum.clients.size(), kMost);
  EXPECT_EQ(sum.untold, 6U);
}

}  // namespace
}  // namespace millrace::report
