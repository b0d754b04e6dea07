#include "report/verify_summary.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "report/json.h"
#include "report/merge.h"
#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;

Run verifying_sink(bool checked) {
  Run run = test::sample_sink(1);
  metrics::VerifyMetrics& verified = run.measurement.verify.emplace();
  verified.checked = checked;
  std::uint64_t next = 1;
  for (const auto& row : metrics::kVerifyCountNames) verified.counts.*row.counter = next++;
  verified.from_due.record(3ms);
  verified.from_sent.record(2ms);
  return run;
}

TEST(VerifySummary, IsThereWhereASinkVerifies) {
  EXPECT_EQ(summary(test::sample_sink(1), {}).find("Verified"), std::string::npos);
  const std::string text = summary(verifying_sink(true), {});
  EXPECT_NE(text.find("Verified"), std::string::npos);
  EXPECT_NE(text.find(fmt::format("  {:<15} {:>11}\n", "seen", 1)), std::string::npos) << text;
  EXPECT_NE(text.find(fmt::format("  {:<15} {:>11}\n", "re-encoded", 8)), std::string::npos)
      << text;
  EXPECT_NE(text.find("  from due        p50 3.00 ms,"), std::string::npos) << text;
  EXPECT_NE(text.find("  from sent       p50 2.00 ms,"), std::string::npos) << text;
  EXPECT_EQ(text.find("unchecked"), std::string::npos);
  EXPECT_NE(summary(verifying_sink(false), {}).find("unchecked"), std::string::npos);
}

TEST(VerifySummary, HasALineForAllThatWasFoundAndWhatIsWrongIsRed) {
  report::Run run = verifying_sink(false);
  metrics::Histogram& due = run.measurement.verify->from_due;
  for (int message = 1; message < 60; ++message) due.record(1ms);
  for (int message = 60; message < 95; ++message) due.record(2ms);
  for (int message = 95; message < 99; ++message) due.record(3ms);
  due.record(5ms);
  run.measurement.verify->counts.refolded = 0;
  const std::string text = summary(run, {.colour = true});
  const std::size_t begin = std::min(text.find("Verified"), text.size());
  EXPECT_EQ(text.substr(begin, text.find("\n\n", begin) - begin),
            "Verified\x1b[0m\n"
            "  seen                      1  stamps unchecked, for want of a key\n"
            "  same                      4\n"
            "  headers added             5\n"
            "  blanks changed            7\n"
            "  re-encoded                8\n"
            "\x1b[31m  footer added              9\x1b[0m\n"
            "\x1b[31m  headers changed          10\x1b[0m\n"
            "\x1b[31m  truncated                11\x1b[0m\n"
            "\x1b[31m  body changed             12\x1b[0m\n"
            "\x1b[31m  unstamped                13\x1b[0m\n"
            "\x1b[31m  malformed                14\x1b[0m\n"
            "\x1b[31m  forged                   15\x1b[0m\n"
            "\x1b[31m  bounced                   2\x1b[0m\n"
            "  other reports             3\n"
            "\x1b[31m  duplicated               17\x1b[0m\n"
            "  not looked for           18\n"
            "  of other runs            19\n"
            "\x1b[31m  not recorded             20\x1b[0m\n"
            "  recipients               16\n"
            "  from due        p50 1.00 ms, p90 2.00 ms, p99 3.00 ms, max 5.00 ms\n"
            "  from sent       p50 2.00 ms, p90 2.00 ms, p99 2.00 ms, max 2.00 ms");
}

TEST(VerifySummary, IsInTheFileAndAddsUp) {
  const std::string text = to_json(verifying_sink(true));
  EXPECT_NE(text.find("\"altered\": 42"), std::string::npos) << "9 + 10 + 11 + 12";
  const auto verified = nlohmann::json::parse(text).at("verify");
  EXPECT_NEAR(verified.at("from_due").at("max_us").get<double>(), 3'000, 3);
  EXPECT_NEAR(verified.at("from_sent").at("max_us").get<double>(), 2'000, 2);
  const report::Run read = from_json(text, "x");
  EXPECT_EQ(to_json(read), text);
  const report::Run both =
      merge({verifying_sink(true), verifying_sink(false), test::sample_sink(1)}, {"a", "b", "c"});
  const metrics::VerifyMetrics& sum = *both.measurement.verify;
  EXPECT_FALSE(sum.checked);
  EXPECT_EQ(sum.counts.seen, 2U);
  EXPECT_EQ(sum.counts.unrecorded, 40U);
  EXPECT_EQ(sum.from_due.count(), 2U);
}

}  // namespace
}  // namespace millrace::report
