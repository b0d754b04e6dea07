#include "threads/signal_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <vector>

namespace millrace::threads {
namespace {

using namespace std::chrono_literals;

void send_self(int number) { kill(getpid(), number); }

// Each in a process of its own.
class SignalWatchDeathTest : public testing::Test {
 protected:
  SignalWatchDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  static void hang_until_ended_by(std::chrono::milliseconds grace,
                                  const std::vector<int>& numbers) {
    block_ending_signals();
    const SignalWatch signals(grace);
    for (const int number : numbers) send_self(number);
    for (;;) pause();
  }
};

TEST_F(SignalWatchDeathTest, WithoutGraceTheSecondEndsWhateverTheProgramDoes) {
  EXPECT_EXIT(hang_until_ended_by(0ms, {SIGINT, SIGTERM}), testing::KilledBySignal(SIGTERM), "");
}

TEST_F(SignalWatchDeathTest, AfterTheGraceItEndsByTheFirst) {
  EXPECT_EXIT(hang_until_ended_by(1ms, {SIGINT, SIGTERM}), testing::KilledBySignal(SIGINT), "");
}

// Signals of one number that wait are one signal: each is sent when the one before it was taken.
TEST_F(SignalWatchDeathTest, AThirdDoesNotWaitForTheGrace) {
  const auto send_three = [] {
    block_ending_signals();
    SignalWatch signals(1h);
    std::promise<void> second;
    signals.hand_on([&second](unsigned number) {
      if (number == 2) second.set_value();
    });
    send_self(SIGINT);
    send_self(SIGTERM);
    second.get_future().wait();
    send_self(SIGTERM);
    for (;;) pause();
  };
  EXPECT_EXIT(send_three(), testing::KilledBySignal(SIGTERM), "");
}

TEST_F(SignalWatchDeathTest, WhatHasComeIsToldToWhoeverAsksLater) {
  const auto ask_late = [] {
    block_ending_signals();
    SignalWatch signals(1h);
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
