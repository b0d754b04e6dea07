#include "report/merge.h"

#include <gtest/gtest.h>

#include "metrics/codec.h"
#include "report/json.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::message_of;
using test::sample_run;

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

}  // namespace
}  // namespace millrace::report
