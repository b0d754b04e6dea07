// Which run a probe is; that the search is carried out, in tests/programs/capacity_test.py.
#include "source/find_capacity.h"

#include <gtest/gtest.h>

#include <chrono>

#include "source/probe_shortfall.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

CapacityTask task_of(LevelOf of) {
  return {.of = of, .probe = 10s, .confirm = 60s, .warmup = 2s, .settle = 1s};
}

SourceOptions given() {
  SourceOptions options;
  options.sessions = 50;
  options.threads = 4;
  options.load.open_loop = true;
  options.load.seed = 7;
  return options;
}

TEST(FindCapacity, AProbeOfARateWarmsUpAtItAndIsMeasuredThen) {
  const SourceOptions options =
      probe_options(given(), task_of(LevelOf::rate), {.level = 400}, 3, 1'000);
  ASSERT_EQ(options.load.schedule.size(), 2U);
  const Stage& warm_up = options.load.schedule[0];
  const Stage& probe = options.load.schedule[1];
  EXPECT_FALSE(warm_up.measured);
  EXPECT_EQ(warm_up.length, 2s);
  EXPECT_TRUE(probe.measured);
  EXPECT_EQ(probe.length, 10s);
  EXPECT_EQ(probe.name, "400/s");
  for (const double level : {warm_up.from, warm_up.to, probe.from, probe.to}) {
    EXPECT_EQ(level, 400);
  }
  EXPECT_EQ(options.sessions, 50U);
  EXPECT_EQ(options.load.first_message, 1'000U);
  EXPECT_NE(options.load.seed, given().load.seed);
}

TEST(FindCapacity, AProbeThatConfirmsIsLonger) {
  const SourceOptions options =
      probe_options(given(), task_of(LevelOf::rate), {.level = 12.3, .confirms = true}, 3, 0);
  EXPECT_EQ(options.load.schedule[1].length, 60s);
  EXPECT_EQ(options.load.schedule[1].name, "12.3/s, to confirm");
}

TEST(FindCapacity, AProbeOfSessionsHasSoManyAndNoMoreThreads) {
  SourceOptions options = probe_options(given(), task_of(LevelOf::sessions), {.level = 3}, 0, 0);
  EXPECT_EQ(options.sessions, 3U);
  EXPECT_EQ(options.threads, 3U);
  EXPECT_EQ(options.load.schedule[1].name, "3 sessions");
  options = probe_options(given(), task_of(LevelOf::sessions), {.level = 300}, 0, 0);
  EXPECT_EQ(options.sessions, 300U);
  EXPECT_EQ(options.threads, 4U);
}

TEST(FindCapacity, LeavesTheServerAloneBetweenProbes) {
  CapacityTask task = task_of(LevelOf::rate);
  task.settle = 60s;
  SourceOptions options = given();
  EXPECT_EQ(rest_between(options, task), 60s);
  options.end_to_end.emplace();  // which has waited for so long already
  EXPECT_EQ(rest_between(options, task), 1s);
  task.settle = 0s;
  EXPECT_EQ(rest_between(options, task), 0s);
}

Result run_with(std::uint64_t due, const Completions& completions) {
  Result run;
  run.measurement.total.counters.delivered = due;
  run.completions = completions;
  return run;
}

TEST(FindCapacity, ARateAtWhichMessagesPileUpIsNotHeld) {
  const CapacityTask task = task_of(LevelOf::rate);
  EXPECT_EQ(probe_shortfall(run_with(4'000, {.in_time = 3'800}), task, {.level = 400}), "");
  EXPECT_EQ(probe_shortfall(run_with(4'000, {.in_time = 3'799}), task, {.level = 400}),
            "only 3799 of 4000 messages were over in time");
  // So few are noise.
  EXPECT_EQ(probe_shortfall(run_with(20, {.in_time = 10}), task, {.level = 2}), "");
}

TEST(FindCapacity, MessagesThatTakeLongerThanTheWarmUpDoNotPileUp) {
  Result run = run_with(4'000, {.in_time = 3'200});
  run.measurement.total.service.record(4s);
  EXPECT_EQ(probe_shortfall(run, task_of(LevelOf::rate), {.level = 400}), "");
}

TEST(FindCapacity, SessionsThatAreNotServedAreNotHeld) {
  const CapacityTask task = task_of(LevelOf::sessions);
  EXPECT_EQ(probe_shortfall(run_with(400, {.in_time = 1}), task, {.level = 9}), "");
  EXPECT_EQ(probe_shortfall(run_with(400, {.in_time = 1, .outlasted = 4}), task, {.level = 9}),
            "4 of the sessions did nothing but their first message");
}

TEST(FindCapacity, AProbeMayGoWithoutWarmUp) {
  CapacityTask task = task_of(LevelOf::rate);
  task.warmup = Duration::zero();
  EXPECT_EQ(probe_options(given(), task, {.level = 400}, 0, 0).load.schedule.size(), 1U);
}

}  // namespace
}  // namespace millrace::source
