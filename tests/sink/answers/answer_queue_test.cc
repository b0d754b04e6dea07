#include "sink/answers/answer_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

Answer answer(const std::string& sender, Duration due) {
  return {.sender = sender, .due = kStart + due};
}

std::string take(AnswerQueue& queue, Duration now) {
  const auto taken = queue.take(kStart + now);
  return taken ? taken->sender : "none";
}

TEST(AnswerQueue, GivesThemAsTheyFallDue) {
  AnswerQueue queue;
  EXPECT_FALSE(queue.next_due());
  queue.offer(answer("late", 3s));
  queue.offer(answer("soon", 1s));
  queue.offer(answer("soon too", 1s));
  queue.offer(answer("soon as well", 1s));
  EXPECT_EQ(queue.next_due(), kStart + 1s);
  EXPECT_EQ(take(queue, 999ms), "none");
  EXPECT_EQ(take(queue, 1s), "soon");
  EXPECT_EQ(take(queue, 1s), "soon too");
  EXPECT_EQ(take(queue, 1s), "soon as well");
  EXPECT_EQ(take(queue, 1s), "none");
  EXPECT_EQ(take(queue, 3s), "late");
  EXPECT_FALSE(queue.next_due());
}

TEST(AnswerQueue, IsFirstInFirstOutForThoseThatAreDueTogether) {
  AnswerQueue queue;
  for (int i = 0; i < 50; ++i) queue.offer(answer(std::to_string(i), 1s));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(take(queue, 1s), std::to_string(i));
}

TEST(AnswerQueue, DropsWhatIsTooMuch) {
  AnswerQueue queue(2);
  for (int i = 0; i < 5; ++i) queue.offer(answer("a@b", 0s));
  EXPECT_EQ(queue.totals().queued, 2U);
  EXPECT_EQ(queue.totals().dropped, 3U);
  take(queue, 0s);
  queue.offer(answer("a@b", 0s));
  EXPECT_EQ(queue.totals().queued, 3U);
}

TEST(AnswerQueue, DropsWhatTakesTooMuchMemory) {
  AnswerQueue queue(100, 10'000);
  Answer large = answer("a@b", 0s);
  large.header = std::make_shared<const std::string>(4'000, 'x');
  for (int i = 0; i < 5; ++i) queue.offer(large);
  EXPECT_EQ(queue.totals().queued, 2U);
  EXPECT_EQ(queue.totals().dropped, 3U);
  take(queue, 0s);  // its room is free again
  queue.offer(large);
  EXPECT_EQ(queue.totals().dropped, 3U);
}

TEST(AnswerQueue, TakesBackWhatItGaveThoughItIsFull) {
  AnswerQueue queue(1);
  queue.offer(answer("first", 0s));
  auto first = queue.take(kStart);
  queue.offer(answer("second", 5s));
  first->due += 10s;
  queue.put_back(*first);
  EXPECT_EQ(queue.totals().dropped, 0U);
  EXPECT_EQ(take(queue, 5s), "second");
  EXPECT_EQ(take(queue, 10s), "first");
}

TEST(AnswerQueue, CountsWhatBecameOfThem) {
  AnswerQueue queue;
  for (int i = 0; i < 7; ++i) queue.offer(answer("a@b", 0s));
  for (int i = 0; i < 6; ++i) take(queue, 0s);
  queue.not_allowed();
  queue.sent();
  queue.refused(550);
  queue.refused(550);
  queue.refused(554);
  queue.given_up();
  const AnswerTotals totals = queue.totals();
  EXPECT_EQ(totals.queued, 7U);
  EXPECT_EQ(totals.sent, 1U);
  EXPECT_EQ(totals.refused, (std::map<int, std::uint64_t>{{550, 2}, {554, 1}}));
  EXPECT_EQ(totals.given_up, 1U);
  EXPECT_EQ(totals.unsent, 2U);  // one waits, of another one nothing was told
  EXPECT_EQ(totals.not_allowed, 1U);
}

TEST(AnswerQueue, IsOfferedToByManyThreads) {
  AnswerQueue queue(1'000);
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&queue] {
      for (int i = 0; i < 500; ++i) queue.offer(answer("a@b", std::chrono::milliseconds(i)));
    });
  }
  std::uint64_t taken = 0;
  while (taken < 500) taken += take(queue, 1h) == "none" ? 0 : 1;
  for (std::thread& thread : threads) thread.join();
  const AnswerTotals totals = queue.totals();
  EXPECT_EQ(totals.queued + totals.dropped, 2'000U);
  while (take(queue, 1h) != "none") ++taken;
  EXPECT_EQ(taken, totals.queued);
}

}  // namespace
}  // namespace millrace::sink
