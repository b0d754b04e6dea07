#include "threads/signal_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace millrace::threads {
namespace {

using namespace std::chrono_literals;

void send_self(int number) { kill(getpid(), number); }

// Whether one that was sent has not been taken yet.
bool waits(int number) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, number) == 1;
}

// Each in a process of its own.
class SignalWatchDeathTest : public testing::Test {
 protected:
  SignalWatchDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  // Sends each when the one before it has been counted.
  static void hang_until_ended_by(std::chrono::milliseconds grace,
                                  const std::vector<int>& numbers) {
    block_ending_signals();
    SignalWatch signals({.moment = 0ms, .grace = grace});
    std::atomic<unsigned> come = 0;
    signals.hand_on([&come](unsigned number) {
      come = number;
      come.notify_all();
    });
    for (unsigned before = 0; const int number : numbers) {
      send_self(number);
      come.wait(before++);
    }
    for (;;) pause();
  }
};

TEST_F(SignalWatchDeathTest, AfterTheGraceItEndsByTheFirst) {
  EXPECT_EXIT(hang_until_ended_by(1ms, {SIGINT, SIGTERM}), testing::KilledBySignal(SIGINT), "");
}

// It would never end if the grace began anew behind each.
TEST_F(SignalWatchDeathTest, HangupsDoNotPutTheGraceOff) {
  const auto hang_up_without_end = [] {
    block_ending_signals();
    block_hangup();
    SignalWatch signals({.moment = 0ms, .grace = 100ms});
    std::atomic<unsigned> come = 0;
    std::atomic<unsigned> hangups = 0;
    signals.hand_on([&come](unsigned number) {
      come = number;
      come.notify_all();
    });
    signals.hand_on_hangup([&hangups] {
      ++hangups;
      hangups.notify_all();
    });
    for (unsigned before = 0; before < 2; ++before) {
      send_self(SIGTERM);
      come.wait(before);
    }
    for (unsigned before = 0; before < 10'000; ++before) {
      send_self(SIGHUP);
      hangups.wait(before);
      std::this_thread::sleep_for(1ms);
    }
    _exit(0);
  };
  EXPECT_EXIT(hang_up_without_end(), testing::KilledBySignal(SIGTERM), "");
}

TEST_F(SignalWatchDeathTest, AThirdDoesNotWaitForTheGrace) {
  EXPECT_EXIT(hang_until_ended_by(1h, {SIGINT, SIGINT, SIGTERM}), testing::KilledBySignal(SIGTERM),
              "");
}

// The hangup comes behind the second one, which counts no more than once.
TEST_F(SignalWatchDeathTest, ThoseThatComeTogetherAreOne) {
  const auto send_two = [] {
    block_ending_signals();
    block_hangup();
    SignalWatch signals({.moment = 1h, .grace = 1h});
    std::promise<void> first;
    std::promise<void> hangup;
    unsigned most = 0;
    signals.hand_on([&](unsigned number) {
      if (most == 0) first.set_value();
      most = number;
    });
    signals.hand_on_hangup([&hangup] { hangup.set_value(); });
    send_self(SIGTERM);
    first.get_future().wait();
    send_self(SIGTERM);
    while (waits(SIGTERM)) std::this_thread::yield();
    send_self(SIGHUP);
    hangup.get_future().wait();
    _exit(most == 1 ? 0 : 1);
  };
  EXPECT_EXIT(send_two(), testing::ExitedWithCode(0), "");
}

// No user is behind them: only the third that a user sends ends the program.
TEST_F(SignalWatchDeathTest, EndsOfTheRunCountForNeitherTheGraceNorTheThird) {
  const auto end_run = [] {
    block_ending_signals();
    SignalWatch signals({.moment = 0ms, .grace = 1ms});
    std::vector<unsigned> told;
    signals.hand_on([&told](unsigned number) { told.push_back(number); });
    signals.end_run(1);
    signals.end_run(2);
    signals.end_run(1);
    if (told != std::vector<unsigned>{1, 2} || signals.first() != SIGINT) _exit(1);
    send_self(SIGTERM);
    while (signals.terminated_at() == TimePoint::max()) std::this_thread::yield();
    std::this_thread::sleep_for(20ms);  // for the grace, if there were one
    _exit(signals.first() == SIGINT && told.size() == 2 ? 0 : 2);
  };
  EXPECT_EXIT(end_run(), testing::ExitedWithCode(0), "");
}

TEST_F(SignalWatchDeathTest, TheGraceIsOfWhatIsUnderWay) {
  const auto end = [] {
    block_ending_signals();
    block_hangup();
    SignalWatch signals({.moment = 0ms, .grace = 1ms});
    std::promise<void> second;
    signals.hand_on([&](unsigned number) {
      if (number == 2) second.set_value();
    });
    signals.grant_grace(false);
    send_self(SIGTERM);
    while (signals.first() == 0) std::this_thread::yield();
    send_self(SIGTERM);
    second.get_future().wait();
    std::this_thread::sleep_for(20ms);  // for the grace, if there were one
    send_self(SIGINT);
    for (;;) pause();
  };
  EXPECT_EXIT(end(), testing::KilledBySignal(SIGINT), "");
}

TEST_F(SignalWatchDeathTest, TellsWhenItWasTerminatedHoweverItWasToldBefore) {
  const auto terminate = [] {
    block_ending_signals();
    SignalWatch signals({.moment = 1h, .grace = 1h});
    send_self(SIGINT);
    while (signals.first() == 0) std::this_thread::yield();
    if (signals.terminated_at() != TimePoint::max()) _exit(1);
    const TimePoint before = Clock::now();
    send_self(SIGTERM);
    while (signals.terminated_at() == TimePoint::max()) std::this_thread::yield();
    _exit(signals.terminated_at() >= before && signals.first() == SIGINT ? 0 : 2);
  };
  EXPECT_EXIT(terminate(), testing::ExitedWithCode(0), "");
}

TEST_F(SignalWatchDeathTest, WhatHasComeIsToldToWhoeverAsksLater) {
  const auto ask_late = [] {
    block_ending_signals();
    SignalWatch signals;
    std::promise<void> come;
    signals.hand_on([&come](unsigned /*number*/) { come.set_value(); });
    send_self(SIGINT);
    come.get_future().wait();
    std::vector<unsigned> told;
    signals.hand_on([&told](unsigned number) { told.push_back(number); });
    _exit(told == std::vector<unsigned>{1} && signals.first() == SIGINT ? 0 : 1);
  };
  EXPECT_EXIT(ask_late(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace millrace::threads
