#include "base/record_ring.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

std::vector<std::string> drained(RecordRing& ring) {
  std::string records;
  ring.drain(records);
  std::vector<std::string> all;
  for (std::string_view rest = records; !rest.empty();) all.emplace_back(next_record(rest));
  return all;
}

TEST(RecordRing, GivesWhatItTookInOrder) {
  RecordRing ring(64);
  EXPECT_TRUE(drained(ring).empty());
  EXPECT_TRUE(ring.push("one"));
  EXPECT_TRUE(ring.push(""));
  EXPECT_TRUE(ring.push("three"));
  EXPECT_EQ(drained(ring), (std::vector<std::string>{"one", "", "three"}));
  EXPECT_TRUE(drained(ring).empty());
}

TEST(RecordRing, TakesNothingBeyondItsRoomAndGoesOnWhenThereIsSome) {
  RecordRing ring(2 * (RecordRing::kOverhead + 10));
  const std::string ten = "0123456789";
  EXPECT_TRUE(ring.push(ten));
  EXPECT_FALSE(ring.push(ten + "x"));
  EXPECT_TRUE(ring.push(ten));
  EXPECT_FALSE(ring.push(""));
  EXPECT_EQ(drained(ring), (std::vector<std::string>{ten, ten}));
  EXPECT_TRUE(ring.push(ten + ten + "01234567"));
  EXPECT_FALSE(ring.push(""));
  EXPECT_FALSE(RecordRing(100).push(std::string(101, 'x')));
}

// At every place of the ring, lengths and texts go over its end.
TEST(RecordRing, GoesRoundItsEnd) {
  RecordRing ring(61);
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::string record(random() % 50, static_cast<char>('a' + random() % 26));
    ASSERT_TRUE(ring.push(record));
    ASSERT_EQ(drained(ring), std::vector<std::string>{record});
  }
}

TEST(RecordRing, LosesNothingBetweenTwoThreads) {
  constexpr std::size_t kRecords = 20'000;
  RecordRing ring(4'096);
  std::thread writer([&] {
    for (std::size_t i = 0; i < kRecords; ++i) {
      const std::string text = std::to_string(i);
      while (!ring.push(text)) std::this_thread::yield();
    }
  });
  for (std::size_t next = 0; next < kRecords;) {
    for (const std::string& text : drained(ring)) {
      ASSERT_EQ(text, std::to_string(next));
      ++next;
    }
  }
  writer.join();
}

}  // namespace
}  // namespace millrace
