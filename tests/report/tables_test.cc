#include "report/tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

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
  std::getline(lines, line);
  EXPECT_EQ(line.rfind("0,1,\"ramp 0-5, \"\"quick\"\"\",100,", 0), 0U) << line;
  EXPECT_EQ(std::count(line.begin(), line.end(), ','), commas + 1);
}

}  // namespace
}  // namespace millrace::report
