#include "net/timers.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

namespace millrace::net {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

struct Recorder final : TimerHandler {
  void on_timer(Timer& timer) override { fired.push_back(&timer); }
  std::vector<Timer*> fired;
};

const TimePoint kStart{};

struct Thrower final : TimerHandler {
  void on_timer(Timer& /*timer*/) override { throw std::runtime_error("made up"); }
};

// Those that were due with it stay good: they can be stopped, and are called by the next run.
TEST(Timers, OutliveAHandlerThatThrows) {
  Timers timers(kStart);
  Recorder recorder;
  Thrower thrower;
  Timer next(recorder);
  auto stopped = std::make_unique<Timer>(recorder);
  Timer bad(thrower);
  for (Timer* timer : {&next, stopped.get(), &bad}) timers.start(*timer, kStart + milliseconds(5));
  EXPECT_THROW(timers.run(kStart + milliseconds(5)), std::runtime_error);
  stopped.reset();
  EXPECT_TRUE(next.running());
  timers.start(next, kStart + milliseconds(6));
  timers.run(kStart + milliseconds(6));
  EXPECT_EQ(recorder.fired, std::vector<Timer*>{&next});
}

TEST(Timers, FireInOrderAndNeverEarly) {
  Timers timers(kStart);
  Recorder recorder;
  Timer late(recorder);
  Timer soon(recorder);
  timers.start(late, kStart + hours(30));
  timers.start(soon, kStart + microseconds(1'500));
  timers.run(kStart + microseconds(1'400));
  EXPECT_TRUE(recorder.fired.empty());
  timers.run(kStart + milliseconds(2));
  EXPECT_EQ(recorder.fired, std::vector<Timer*>{&soon});
  EXPECT_FALSE(soon.running());
  timers.run(kStart + hours(30) - milliseconds(1));
  EXPECT_EQ(recorder.fired.size(), 1U);
  timers.run(kStart + hours(30));
  EXPECT_EQ(recorder.fired.size(), 2U);
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(Timers, AStoppedTimerDoesNotFire) {
  Timers timers(kStart);
  Recorder recorder;
  Timer timer(recorder);
  timers.start(timer, kStart + milliseconds(5));
  timers.stop(timer);
  EXPECT_EQ(timers.next(), std::nullopt);
  timers.run(kStart + milliseconds(10));
  EXPECT_TRUE(recorder.fired.empty());
}

TEST(Timers, ADestroyedTimerIsForgotten) {
  Timers timers(kStart);
  Recorder recorder;
  auto timer = std::make_unique<Timer>(recorder);
  timers.start(*timer, kStart + milliseconds(5));
  timer.reset();
  timers.run(kStart + milliseconds(10));
  EXPECT_TRUE(recorder.fired.empty());
}

TEST(Timers, AHandlerMayStartAndStopTimers) {
  struct Handler final : TimerHandler {
    void on_timer(Timer& timer) override {
      ++calls;
      timers->stop(*other);
      if (calls < 3) timers->start(timer, now + milliseconds(1));
    }
    Timers* timers = nullptr;
    Timer* other = nullptr;
    TimePoint now = kStart + milliseconds(1);
    int calls = 0;
  } handler;
  Timers timers(kStart);
  Timer repeated(handler);
  Timer other(handler);
  handler.timers = &timers;
  handler.other = &other;
  timers.start(other, kStart + milliseconds(1));
  timers.start(repeated, kStart + milliseconds(1));
  for (int tick = 1; tick <= 10; ++tick) {
    handler.now = kStart + milliseconds(tick);
    timers.run(handler.now);
  }
  EXPECT_EQ(handler.calls, 3);
}

TEST(Timers, AgreeWithASortedMapOverAnySchedule) {
  std::mt19937_64 random(7);
  Timers timers(kStart);
  Recorder recorder;
  std::vector<std::unique_ptr<Timer>> all;
  for (int i = 0; i < 200; ++i) all.push_back(std::make_unique<Timer>(recorder));
  std::map<Timer*, std::int64_t> due;  // milliseconds
  std::int64_t now = 0;
  for (int round = 0; round < 3'000; ++round) {
    Timer& timer = *all[random() % all.size()];
    const auto delay = static_cast<std::int64_t>(random() % (1ULL << (random() % 34)) + 1);
    timers.start(timer, kStart + milliseconds(now + delay));
    due[&timer] = now + delay;
    if (random() % 4 == 0) {
      Timer& stopped = *all[random() % all.size()];
      timers.stop(stopped);
      due.erase(&stopped);
    }
    // next() never lies beyond the earliest timer.
    if (const auto next = timers.next()) {
      for (const auto& [which, at] : due) EXPECT_LE(*next, kStart + milliseconds(at));
    }
    now += static_cast<std::int64_t>(random() % (1ULL << (random() % 20)));
    recorder.fired.clear();
    timers.run(kStart + milliseconds(now));
    std::size_t expected = 0;
    for (auto entry = due.begin(); entry != due.end();) {
      if (entry->second > now) {
        EXPECT_TRUE(entry->first->running());
        ++entry;
        continue;
      }
      ++expected;
      EXPECT_FALSE(entry->first->running());
      entry = due.erase(entry);
    }
    ASSERT_EQ(recorder.fired.size(), expected);
  }
}

// A sleeper is woken once a level of the wheel at most, and the last time when the timer is due.
TEST(Timers, AreReachedInAFewSteps) {
  for (const std::int64_t begin : {0, 1, 63, 4'095, 1'000'003}) {
    for (const std::int64_t delay : {1, 62, 63, 64, 65, 4'095, 4'096, 262'149, 100'000'000}) {
      Timers timers(kStart);
      Recorder recorder;
      Timer timer(recorder);
      timers.run(kStart + milliseconds(begin));
      timers.start(timer, kStart + milliseconds(begin + delay));
      TimePoint last = kStart;
      int steps = 0;
      while (const auto next = timers.next()) {
        EXPECT_GT(*next, last);
        last = *next;
        timers.run(last);
        ++steps;
      }
      EXPECT_EQ(last, kStart + milliseconds(begin + delay));
      EXPECT_LE(steps, 6) << begin << " " << delay;
      EXPECT_EQ(recorder.fired.size(), 1U);
    }
  }
}

TEST(Timers, ADeadlineInThePastIsDueATickLater) {
  Timers timers(kStart);
  Recorder recorder;
  Timer timer(recorder);
  for (const TimePoint deadline : {kStart - hours(1), kStart, kStart + milliseconds(10)}) {
    timers.run(kStart + milliseconds(10));
    timers.start(timer, deadline);
    EXPECT_EQ(timers.next(), kStart + milliseconds(11));
  }
}

TEST(Timers, WhatIsBeyondTwoYearsIsDueThen) {
  constexpr milliseconds kLast((std::int64_t{1} << 36) - 1);
  Timers timers(kStart);
  Recorder recorder;
  Timer timer(recorder);
  timers.start(timer, kStart + hours(24 * 365 * 10));
  timers.run(kStart + kLast - milliseconds(1));
  EXPECT_TRUE(timer.running());
  EXPECT_EQ(timers.next(), kStart + kLast);
  timers.run(kStart + kLast);
  EXPECT_EQ(recorder.fired.size(), 1U);
}

}  // namespace
}  // namespace millrace::net
