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

TEST(MetricsText, HasHowManyHttpCouldNotServe) {
  EXPECT_TRUE(has_line(metrics_text({.http_failed = 3}, {}), "smtp_sink_http_failed_total 3"));
}

}  // namespace
}  // namespace millrace::sink
