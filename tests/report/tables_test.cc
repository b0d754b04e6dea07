#include "report/tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "sample_run.h"

namespace millrace::report {
namespace {

using test::sample_run;

TEST(Tables, TheSeriesIsCommaSeparated) {
  report::Run run = sample_run(2, 5);
  run.measurement.series[0].stage = "ramp 0-5, \"quick\"";
  std::istringstream lines(to_csv(run));
  std::string line;
  std::getline(lines, line);
  const auto commas = std::count(line.begin(), line.end(), ',');
  EXPECT_TRUE(line.starts_with("second,length_s,stage,messages,")) << line;
  EXPECT_TRUE(
      line.ends_with(",asked,sessions_open,in_flight,errors_refused,errors_reset,"
                     "errors_timeout,errors_protocol,errors_closed,errors_tls,"
                     "errors_rejected,errors_other,p50_us,p90_us,p99_us,p99_9_us,max_us\r"))
      << line;
  std::getline(lines, line);
  EXPECT_EQ(line.rfind("0,1,\"ramp 0-5, \"\"quick\"\"\",100,", 0), 0U) << line;
  EXPECT_EQ(std::count(line.begin(), line.end(), ','), commas + 1);
}

// As readers of HdrHistogram's logs expect it.
TEST(Tables, TheHistogramLogHasALineARow) {
  using namespace std::chrono_literals;
  report::Run run = sample_run(2, 5);
  run.measurement.start += 250ms;
  std::vector<metrics::Row>& rows = run.measurement.series;
  rows[0].most = 12'345;
  rows[1].most = 7;
  rows[1].length = 0.5;
  EXPECT_EQ(to_histogram_log(run),
            "#[Logged by smtp-source (Millrace) test; latencies in microseconds]\n"
            "#[Histogram log format version 1.3]\n"
            "#[StartTime: 1700000000.250 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]\n"
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
            "\"Interval_Compressed_Histogram\"\n"
            "0.000,1.000,12.345," +
                rows[0].encoded + "\n1.000,0.500,0.007," + rows[1].encoded + "\n");
}

}  // namespace
}  // namespace millrace::report
