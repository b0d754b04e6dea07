#include "sink/control/client_table.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace millrace::sink {
namespace {

TimePoint at(int second) { return TimePoint(std::chrono::seconds(second)); }

TEST(ClientTable, KeepsTheLatestAndThoseThatAreThere) {
  ClientTable table;
  table.opened("there", at(0));
  constexpr auto kMany = static_cast<int>(10 * ClientTable::kKept);
  for (int number = 1; number <= kMany; ++number) {
    table.closed(table.opened(std::to_string(number), at(number)));
    ASSERT_LE(table.rows().size(), 2 * ClientTable::kKept + 1);
  }
  EXPECT_TRUE(table.rows().contains("there"));
  for (int number = kMany - static_cast<int>(ClientTable::kKept) + 1; number <= kMany; ++number) {
    ASSERT_TRUE(table.rows().contains(std::to_string(number))) << number;
  }
  EXPECT_EQ(table.others() + table.rows().size(), static_cast<std::size_t>(kMany) + 1);
}

TEST(ClientTable, HasRoomForThoseThatAreGoneHoweverManyAreThere) {
  ClientTable table;
  for (int number = 0; number < 3000; ++number) table.opened("t" + std::to_string(number), at(1));
  for (int number = 0; number < 1500; ++number) {
    table.closed(table.opened(std::to_string(number), at(2)));
    table.closed(table.opened("again", at(3)));
  }
  EXPECT_EQ(table.others(), 0U);
  EXPECT_EQ(table.rows().size(), 3000U + 1500U + 1U);
}

TEST(ClientTable, ForgetsAllButThoseThatAreThere) {
  ClientTable table;
  ClientRow& there = table.opened("there", at(1));
  there.messages = 5;
  there.helo = "x";
  table.closed(table.opened("there", at(2)));
  table.closed(table.opened("gone", at(3)));
  table.forget();
  ASSERT_EQ(table.rows().size(), 1U);
  EXPECT_EQ(there.sessions, 1U);
  EXPECT_EQ(there.sessions_open, 1U);
  EXPECT_EQ(there.messages, 0U);
  EXPECT_EQ(there.helo, "x");
}

TEST(ClientTable, AddsUpWhatAClientDidOnSeveralThreads) {
  ClientRow sum;
  sum.add({.helo = "b", .sessions = 1, .messages = 2, .first = at(5), .last = at(6)});
  sum.add({.helo = "a", .sessions = 2, .messages = 3, .first = at(1), .last = at(4)});
  EXPECT_EQ(sum.helo, "b");
  EXPECT_EQ(sum.sessions, 3U);
  EXPECT_EQ(sum.messages, 5U);
  EXPECT_EQ(sum.first, at(1));
  EXPECT_EQ(sum.last, at(6));
}

}  // namespace
}  // namespace millrace::sink
