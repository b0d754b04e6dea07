#include "report/json.h"

#include <gtest/gtest.h>

#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using metrics::Error;
using test::message_of;
using test::sample_run;

TEST(Json, ARunIsReadAsItWasWritten) {
  report::Run run = sample_run(3, 5);
  run.measurement.open_loop = true;
  run.measurement.ending = metrics::Ending::interrupted;
  run.measurement.total.count_error(Error::reset, "lost \"connection\" \x01\xff<script>");
  run.measurement.warmup.delivered = 12;
  run.measurement.generator.late_starts = 4;
  run.verdicts = {{.threshold = "p99<1ms", .value = "5 ms", .passed = false}};
  const std::string text = to_json(run);
  const report::Run again = from_json(text, "x");
  EXPECT_EQ(again.measurement.total.counters.delivered, 300U);
  EXPECT_EQ(again.measurement.total.intended.percentile(0.99),
            run.measurement.total.intended.percentile(0.99));
  EXPECT_EQ(again.measurement.start, run.measurement.start);
  // Written again it is the same, but for the byte that is no UTF-8.
  EXPECT_EQ(to_json(again), text);
  EXPECT_EQ(summary(from_json(to_json(again), "x"), {}), summary(again, {}));
}

TEST(Json, BadInputIsOneClearLine) {
  const std::string good = to_json(sample_run(2, 5));
  EXPECT_NE(message_of([&] { from_json("second,length", "a.json"); }).find("a.json: not JSON"),
            std::string::npos);
  EXPECT_NE(message_of([&] { from_json("{}", "a.json"); }).find("it has no \"schema\""),
            std::string::npos);
  EXPECT_NE(message_of([&] {
              from_json(R"({"schema":"millrace-run/99"})", "a.json");
            }).find("its schema is millrace-run/99, expected millrace-run/1"),
            std::string::npos);
  for (std::size_t cut = 0; cut + 2 < good.size(); cut += 37) {
    const std::string said = message_of([&] { from_json(good.substr(0, cut), "a.json"); });
    EXPECT_EQ(said.rfind("a.json: ", 0), 0U) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
}

TEST(Json, ForeignValuesAreRefused) {
  const std::string good = to_json(sample_run(1, 5));
  const auto with = [&](const std::string& old, const std::string& put) {
    std::string text = good;
    text.replace(text.find(old), old.size(), put);
    return message_of([&] { from_json(text, "a.json"); });
  };
  EXPECT_NE(with("\"kind\": \"source\"", "\"kind\": \"drain\"").find("unknown value: drain"),
            std::string::npos);
  EXPECT_NE(with("\"elapsed_s\": 1.0", "\"elapsed_s\": -1").find("out of range"),
            std::string::npos);
  EXPECT_NE(with("\"hdr\": \"", "\"hdr\": \"x").find("a histogram is damaged"), std::string::npos);
}

}  // namespace
}  // namespace millrace::report
