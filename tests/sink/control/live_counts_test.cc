#include "sink/control/live_counts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace millrace::sink {
namespace {

Counts of_messages(std::uint64_t messages) {
  Counts counts;
  counts.counters.delivered = messages;
  counts.errors[0] = 1;
  counts.sessions_open = 2;
  return counts;
}

std::uint64_t messages_of(LiveCounts& live) { return live.ask().counters.delivered; }

TEST(LiveCounts, AreThoseOfAllWorkersAtTheMoment) {
  std::uint64_t messages = 0;
  ClientTable clients;
  LiveCounts* all = nullptr;
  LiveCounts live([&] {
    for (std::size_t worker = 0; worker < 3; ++worker) {
      all->answer(
          worker, [&] { return of_messages(++messages); }, clients);
    }
  });
  all = &live;
  for (int worker = 0; worker < 3; ++worker) live.enter();
  EXPECT_EQ(messages_of(live), 1 + 2 + 3);
  const Counts next = live.ask();
  EXPECT_EQ(next.counters.delivered, 4 + 5 + 6);
  EXPECT_EQ(next.errors[0], 3U);
  EXPECT_EQ(next.sessions_open, 6U);
}

TEST(LiveCounts, AreCountedWhereSomebodyAsksOnly) {
  ClientTable clients;
  LiveCounts live([] {});
  const std::size_t worker = live.enter();
  live.answer(
      worker, [] { return of_messages(1); }, clients);
  live.answer_last(worker, of_messages(5), clients);
  EXPECT_EQ(messages_of(live), 5U);
}

TEST(LiveCounts, DoNotWaitForWorkersThatHaveEnded) {
  std::uint64_t messages = 0;
  ClientTable clients;
  LiveCounts* all = nullptr;
  LiveCounts live([&] {
    all->answer(
        1, [&] { return of_messages(++messages); }, clients);
  });
  all = &live;
  live.enter();
  live.enter();
  live.answer_last(0, of_messages(10), clients);
  EXPECT_EQ(messages_of(live), 11U);
  EXPECT_EQ(messages_of(live), 12U);
}

TEST(LiveCounts, OfAWorkerThatIsHeldUpAreThoseThatItGaveBefore) {
  bool held_up = false;
  std::uint64_t messages = 0;
  ClientTable clients;
  LiveCounts* all = nullptr;
  LiveCounts live([&] {
    all->answer(
        0, [&] { return of_messages(++messages); }, clients);
    if (!held_up)
      all->answer(
          1, [] { return of_messages(100); }, clients);
  });
  all = &live;
  live.enter();
  live.enter();
  EXPECT_EQ(messages_of(live), 101U);
  held_up = true;
  EXPECT_EQ(messages_of(live), 102U);
}

TEST(LiveCounts, SayWhetherAllWorkersWereReached) {
  bool held_up = true;
  ClientTable clients;
  LiveCounts* all = nullptr;
  const auto wake = [&] {
    if (!held_up)
      all->answer(
          0, [] { return Counts(); }, clients);
  };
  LiveCounts live(wake, {.changing = std::chrono::milliseconds(1)});
  all = &live;
  EXPECT_TRUE(live.reach_all());  // there is none
  live.enter();
  EXPECT_FALSE(live.reach_all());
  EXPECT_FALSE(live.forget_clients());
  held_up = false;
  EXPECT_TRUE(live.reach_all());
  EXPECT_TRUE(live.forget_clients());
}

TEST(LiveCounts, CommandsOfAllWorkersAddUp) {
  Counts sum;
  Counts one;
  one.commands.front() = 2;
  one.commands.back() = 3;
  sum.add(one);
  sum.add(one);
  EXPECT_EQ(sum.commands.front(), 4U);
  EXPECT_EQ(sum.commands.back(), 6U);
}

}  // namespace
}  // namespace millrace::sink
