#include "sink/control/metrics_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace millrace::sink {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsText, HasBucketsThatAddUp) {
  Stats stats;
  for (const int microseconds : {1, 1'000, 1'001, 400'000'000}) {
    stats.counts.sessions.record(std::chrono::microseconds(microseconds));
  }
  const std::string text = metrics_text(stats, {});
  EXPECT_TRUE(has_line(text, R"(smtp_sink_session_seconds_bucket{le="0.001"} 2)")) << text;
  EXPECT_TRUE(has_line(text, R"(smtp_sink_session_seconds_bucket{le="0.0025"} 3)")) << text;
  EXPECT_TRUE(has_line(text, R"(smtp_sink_session_seconds_bucket{le="300"} 3)")) << text;
  EXPECT_TRUE(has_line(text, R"(smtp_sink_session_seconds_bucket{le="+Inf"} 4)")) << text;
}

TEST(MetricsText, HasNoMarkOfANameThatCouldEndALine) {
  Stats stats;
  stats.hits = {{"a\"} 1\nsmtp_sink_evil 1", 7}};
  const std::string text = metrics_text(stats, {});
  EXPECT_FALSE(has_line(text, "smtp_sink_evil 1"));
  EXPECT_NE(text.find(R"(smtp_sink_rule_hits_total{rule="a\"} 1\nsmtp_sink_evil 1"} 7)"),
            std::string::npos)
      << text;
}

TEST(MetricsText, HasWhatIsMissingOfEachRun) {
  Stats stats{.verify = metrics::VerifyMetrics{}};
  stats.verify->counts.truncated = 2;
  stats.verify->counts.footer_added = 3;
  stats.runs[1] = {.run = {.high = 10, .low = 11}, .come = 5, .beyond = 9};
  const std::string text = metrics_text(stats, {});
  EXPECT_TRUE(
      has_line(text, R"(smtp_sink_verify_missing{run="000000000000000a000000000000000b"} 4)"))
      << text;
  EXPECT_EQ(text.find("run=\"000000000000000a"), text.rfind("run=\""));
  EXPECT_TRUE(has_line(text, R"(smtp_sink_verify_total{result="altered"} 5)")) << text;
}

TEST(MetricsText, HasEachFindingAlsoThoseThatWereNotMade) {
  Stats stats{.lint = metrics::LintMetrics{
                  .sessions = 5, .faulty = 2, .findings = {{.name = "bare-lf", .times = 7}}}};
  const std::string text = metrics_text(stats, {});
  EXPECT_TRUE(has_line(text, R"(smtp_sink_lint_findings_total{finding="bare-lf"} 7)")) << text;
  EXPECT_TRUE(has_line(text, R"(smtp_sink_lint_findings_total{finding="early-retry"} 0)")) << text;
  EXPECT_TRUE(has_line(text, R"(smtp_sink_lint_sessions_total{result="faulty"} 2)")) << text;
  EXPECT_TRUE(has_line(text, R"(smtp_sink_lint_sessions_total{result="clean"} 3)")) << text;
  EXPECT_EQ(metrics_text({}, {}).find("lint"), std::string::npos);
}

TEST(MetricsText, HasCommandsAndWhomHttpCouldNotServe) {
  Stats stats{.http_failed = 3};
  stats.counts.commands[smtp::index(smtp::Verb::rcpt)] = 4;
  const std::string text = metrics_text(stats, {});
  EXPECT_TRUE(has_line(text, R"(smtp_sink_commands_total{command="RCPT"} 4)")) << text;
  EXPECT_TRUE(has_line(text, "smtp_sink_http_failed_total 3")) << text;
}

}  // namespace
}  // namespace millrace::sink
