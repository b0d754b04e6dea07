#include "report/summary.h"

#include <gtest/gtest.h>

#include <sstream>

#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::sample_run;

TEST(Summary, StaysWithinEightyColumns) {
  report::Run run = sample_run(20, 900);
  run.measurement.open_loop = true;
  run.measurement.generator.busy = {0.99};
  run.verdicts = {{.threshold = "p99<250ms", .value = "5.00 s", .passed = false}};
  const std::string text = summary(run, {});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" messages at ") < line.size()) continue;  // the sentence
    EXPECT_LE(line.size(), 80U) << line;
  }
  EXPECT_LT(text.find("may be the bottleneck:\n  a thread of it was busy 99%"), 400U);
  EXPECT_NE(text.find("FAILED p99<250ms"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace millrace::report
