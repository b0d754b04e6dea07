#include "report/run.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>

namespace millrace::report {
namespace {

TEST(Environment, IsThatOfThisMachine) {
  const Environment here = Environment::here();
  std::array<char, 256> name{};
  ASSERT_EQ(gethostname(name.data(), name.size()), 0);
  EXPECT_EQ(here.host, name.data());
  EXPECT_TRUE(here.kernel.starts_with("Linux ")) << here.kernel;
  std::ifstream file("/proc/cpuinfo");
  const std::string processors{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
  if (processors.find("\nmodel name") == std::string::npos) {
    EXPECT_EQ(here.cpu, "unknown");
  } else {
    EXPECT_NE(processors.find("\nmodel name\t: " + here.cpu + "\n"), std::string::npos) << here.cpu;
  }
}

// A container may have fewer than the machine.
TEST(Environment, HasTheCoresThatMayBeUsed) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(Environment::here().cores, static_cast<unsigned>(CPU_COUNT(&before)));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(Environment::here().cores, 1U);
  sched_setaffinity(0, sizeof before, &before);
}

TEST(Run, HasPassedWhenEachThresholdHas) {
  report::Run run;
  EXPECT_TRUE(run.thresholds_passed());
  run.verdicts = {{.threshold = "p50<1s", .passed = true}, {.threshold = "p99<1s"}};
  EXPECT_FALSE(run.thresholds_passed());
  run.verdicts.back().passed = true;
  EXPECT_TRUE(run.thresholds_passed());
}

}  // namespace
}  // namespace millrace::report
