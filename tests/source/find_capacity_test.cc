// Which run a probe is; that the search is carried out, in tests/programs/capacity_test.py.
#include "source/find_capacity.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "source/probe_shortfall.h"
#include "threads/signal_watch.h"

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
      probe_options(given(), task_of(LevelOf::rate),
                    {.probe = {.level = 400}, .number = 3, .first_message = 1'000});
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
  const SourceOptions options = probe_options(
      given(), task_of(LevelOf::rate), {.probe = {.level = 12.3, .confirms = true}, .number = 3});
  EXPECT_EQ(options.load.schedule[1].length, 60s);
  EXPECT_EQ(options.load.schedule[1].name, "12.3/s, to confirm");
}

TEST(FindCapacity, AProbeOfSessionsHasSoManyAndNoMoreThreads) {
  SourceOptions options =
      probe_options(given(), task_of(LevelOf::sessions), {.probe = {.level = 3}});
  EXPECT_EQ(options.sessions, 3U);
  EXPECT_EQ(options.threads, 3U);
  EXPECT_EQ(options.load.schedule[1].name, "3 sessions");
  options = probe_options(given(), task_of(LevelOf::sessions), {.probe = {.level = 300}});
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

Result run_of(std::uint64_t messages) {
  Result run = run_with(messages, {.in_time = messages});
  run.measurement.total.counters.started = messages;
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
  EXPECT_EQ(probe_options(given(), task, {.probe = {.level = 400}}).load.schedule.size(), 1U);
}

TEST(FindCapacity, APartHasUsedNumbersOfAllParts) {
  SourceOptions options = given();
  const auto used = [&] { return ProbeRun::of(run_of(10), options).messages; };
  EXPECT_EQ(used(), 10U + 50U);
  options.part = {.number = 2, .of = 4};
  EXPECT_EQ(used(), 4 * 10U + 50U);
}

// A search of 100/s to 400/s whose probes are made up.
class MadeUpSearch : public testing::Test {
 protected:
  using Make = std::function<ProbeRun(const ProbeOrder& order)>;

  CapacityResult search(const Make& make) {
    SourceOptions options = given();
    options.messages = 1;
    options.load.schedule = {{.length = 1s, .from = 1, .to = 1}};
    CapacityTask task = task_of(LevelOf::rate);
    task.range = {.low = 100, .high = 400};
    task.settle = Duration::zero();
    return find_capacity(
        options, task, signals,
        {.run =
             [&](const ProbeOrder& order, const SourceOptions& of_probe, StampedRuns* /*stamped*/) {
               orders.push_back(order);
               EXPECT_EQ(of_probe.load.first_message, order.first_message);
               return make(order);
             },
         .judge = [this](const Probe& probe,
                         const metrics::Measurement& /*measured*/) { return judge(probe); },
         .told =
             [&](const Probe& /*probe*/, ProbeOutcome outcome,
                 const metrics::Measurement& /*measured*/, const std::string& reason) {
               outcomes.push_back(outcome);
               reasons.push_back(reason);
             }});
  }
  // In which all went well.
  static ProbeRun held() { return {.run = run_of(10), .messages = 7}; }

  threads::SignalWatch signals;
  std::function<Judgement(const Probe& probe)> judge = [](const Probe& /*probe*/) {
    return Judgement{.holds = true};
  };
  std::vector<ProbeOrder> orders;
  std::vector<ProbeOutcome> outcomes;
  std::vector<std::string> reasons;
};

TEST_F(MadeUpSearch, GoesOnFromOneProbeToTheNext) {
  const CapacityResult found = search([](const auto& /*order*/) { return held(); });
  ASSERT_EQ(orders.size(), 4U);
  for (std::size_t i = 0; i < orders.size(); ++i) {
    EXPECT_EQ(orders[i].number, i);
    EXPECT_EQ(orders[i].first_message, i * 7);
  }
  EXPECT_TRUE(orders[3].probe.confirms);
  EXPECT_EQ(found.answer.level, 400);
  EXPECT_EQ(found.number, 3U);
  EXPECT_TRUE(found.run.well);
}

// Whatever was missed besides.
TEST_F(MadeUpSearch, ConcludesNothingWhereAnyGeneratorWasLate) {
  judge = [](const Probe& probe) { return Judgement{.holds = probe.level < 150}; };
  const CapacityResult found = search([](const ProbeOrder& order) {
    ProbeRun made = held();
    if (order.probe.level < 150) return made;
    if (order.number > 1) made.run = run_with(100, {});  // most of which were not over in time
    made.late = {"rank 1: was busy", "rank 2: was late"};
    return made;
  });
  EXPECT_EQ(outcomes, (std::vector{ProbeOutcome::held, ProbeOutcome::late, ProbeOutcome::late}));
  EXPECT_EQ(reasons.back(), "rank 1: was busy, rank 2: was late");
  EXPECT_EQ(found.answer.limit, CapacityLimit::generator);
  EXPECT_EQ(found.answer.level, 100);
  EXPECT_EQ(found.number, 0U) << "that of the level which held";
}

TEST_F(MadeUpSearch, EndsWithAProbeThatWasCutShort) {
  for (const metrics::Ending ending : {metrics::Ending::interrupted, metrics::Ending::failed}) {
    orders.clear();
    outcomes.clear();
    const CapacityResult found = search([&](const ProbeOrder& order) {
      ProbeRun made = held();
      if (order.number == 1) made.run.measurement.ending = ending;
      return made;
    });
    EXPECT_EQ(orders.size(), 2U);
    EXPECT_EQ(outcomes, std::vector{ProbeOutcome::held});
    EXPECT_EQ(found.answer.level, 100);
    EXPECT_EQ(found.answer.limit, CapacityLimit::unknown);
    EXPECT_EQ(found.number, 0U);
    EXPECT_EQ(found.run.measurement.ending, ending) << "the search, of whichever run is told";
    EXPECT_EQ(found.run.well, ending != metrics::Ending::failed);
  }
}

TEST_F(MadeUpSearch, ConcludesNothingWhereTermsAreMissedForTheGenerator) {
  judge = [](const Probe& probe) {
    if (probe.level < 150) return Judgement{.holds = true, .late = {"nobody asks"}};
    return Judgement{.holds = false, .late = {"p99.9<50ms would hold", "max<1s would hold"}};
  };
  const CapacityResult found = search([](const auto& /*order*/) { return held(); });
  EXPECT_EQ(outcomes, (std::vector{ProbeOutcome::held, ProbeOutcome::late, ProbeOutcome::late}));
  EXPECT_EQ(reasons.front(), "");
  EXPECT_EQ(reasons.back(), "p99.9<50ms would hold, max<1s would hold");
  EXPECT_EQ(found.answer.limit, CapacityLimit::generator);
}

TEST_F(MadeUpSearch, AServerThatFallsBehindMissesWhateverTheGeneratorDid) {
  judge = [](const Probe& /*probe*/) {
    return Judgement{.holds = false, .late = {"max<1s would hold"}};
  };
  search([](const auto& /*order*/) { return ProbeRun{.run = run_with(100, {}), .messages = 7}; });
  ASSERT_FALSE(outcomes.empty());
  EXPECT_EQ(outcomes.front(), ProbeOutcome::missed);
  EXPECT_EQ(reasons.front(), "only 0 of 100 messages were over in time");
}

// That of a level which was confirmed, and is looked at from above.
TEST_F(MadeUpSearch, ConcludesNothingWhereASignalEndsTheWaitForArrivals) {
  const auto search_with = [&](std::uint64_t bounced, int signal = SIGINT) {
    orders.clear();
    outcomes.clear();
    return search([&](const ProbeOrder& order) {
      ProbeRun made = held();
      made.run.measurement.end_to_end = {.asked = 10, .accepted = 10, .arrived = 10};
      if (order.number == 1) {
        made.run.signal = signal;
        made.run.measurement.end_to_end->arrived = 6;
        made.run.measurement.end_to_end->bounced = bounced;
      }
      return made;
    });
  };
  judge = [](const Probe& probe) { return Judgement{.holds = probe.level < 150}; };
  const CapacityResult found = search_with(3);
  EXPECT_EQ(orders.size(), 2U);
  EXPECT_EQ(outcomes, std::vector{ProbeOutcome::held});
  EXPECT_EQ(found.run.measurement.ending, metrics::Ending::interrupted);
  EXPECT_EQ(found.answer.level, 100);
  EXPECT_FALSE(found.answer.limited_at);
  search_with(4);  // nothing is missing
  EXPECT_EQ(outcomes.at(1), ProbeOutcome::missed);
  search_with(3, 0);  // it was waited for to the end
  EXPECT_EQ(outcomes.at(1), ProbeOutcome::missed);
}

TEST_F(MadeUpSearch, ReportsTheLevelThatItFallsBackTo) {
  judge = [](const Probe& probe) {
    return Judgement{.holds = !probe.confirms && probe.level < 300};
  };
  unsigned confirmations = 0;
  const CapacityResult found = search([&](const ProbeOrder& order) {
    ProbeRun made = held();
    made.run.measurement.elapsed = std::chrono::seconds(order.number);
    if (order.probe.confirms && ++confirmations > 1) {
      made.run.measurement.ending = metrics::Ending::interrupted;
    }
    return made;
  });
  EXPECT_EQ(confirmations, 2U);
  ASSERT_TRUE(found.answer.level);
  EXPECT_EQ(found.run.measurement.elapsed, std::chrono::seconds(found.number));
  EXPECT_EQ(orders.at(found.number).probe.level, found.answer.level);
}

TEST_F(MadeUpSearch, IsGivenUpWhereALaterProbeCannotStart) {
  const auto none = [](const ProbeOrder& /*order*/) -> ProbeRun { throw Fatal("no room"); };
  EXPECT_THROW(search(none), Fatal);
  const CapacityResult found =
      search([&](const ProbeOrder& order) { return order.number == 0 ? held() : none(order); });
  EXPECT_EQ(found.run.measurement.ending, metrics::Ending::failed);
  EXPECT_EQ(found.answer.level, 100);
  EXPECT_FALSE(found.run.well);
}

}  // namespace
}  // namespace millrace::source
