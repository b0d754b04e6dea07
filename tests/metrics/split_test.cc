#include "metrics/split.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "metrics/split_table.h"

namespace millrace::metrics {
namespace {

using namespace std::chrono_literals;
using Table = SplitTable<MessageCounts, CoarseHistogram>;

void count(Table& table, std::string_view name, int times = 1) {
  for (int i = 0; i < times; ++i) {
    Table::Entry& entry = table[name];
    ++entry.counts.counters.delivered;
    entry.latency.record(1ms);
  }
}

std::uint64_t delivered(const SplitRow<MessageCounts>& row) {
  EXPECT_EQ(row.latency.count(), row.counts.counters.delivered);
  return row.counts.counters.delivered;
}

std::vector<std::string> names(const MessageSplit& split) {
  std::vector<std::string> names;
  for (const auto& row : split.rows) names.push_back(row.name);
  return names;
}

std::uint64_t sum(const MessageSplit& split) {
  std::uint64_t sum = delivered(split.others);
  for (const auto& row : split.rows) sum += delivered(row);
  return sum;
}

TEST(SplitTable, HasARowForEachNameAndThoseWithTheMostFirst) {
  Table table(10);
  count(table, "b", 2);
  count(table, "c", 5);
  count(table, "a", 2);
  ++table["d"].counts.counters.refused;
  const MessageSplit split = table.take_split();
  EXPECT_EQ(names(split), (std::vector<std::string>{"c", "a", "b", "d"}));
  EXPECT_EQ(delivered(split.rows[0]), 5U);
  EXPECT_EQ(split.rows[3].counts.counters.refused, 1U);
  EXPECT_EQ(split.others.counts.all(), 0U);
  EXPECT_EQ(split.untold, 0U);
}

TEST(SplitTable, TellsNoMoreNamesApartThanTheLimit) {
  Table table(3);
  for (int round = 0; round < 2; ++round) {
    for (int name = 0; name < 1'000; ++name) count(table, fmt::format("n{}", name));
  }
  count(table, "n1");
  const MessageSplit split = table.take_split();
  EXPECT_EQ(names(split), (std::vector<std::string>{"n1", "n0", "n2"}));
  EXPECT_EQ(split.untold, 2 * 997U);
  EXPECT_EQ(delivered(split.others), 2 * 997U);
  EXPECT_EQ(sum(split), 2'001U);
}

TEST(SplitTable, ANameThatNoMailboxCouldHaveIsNotToldApart) {
  Table table(3);
  count(table, std::string(Table::kLongestName, 'x'));
  count(table, std::string(Table::kLongestName + 1, 'x'));
  const MessageSplit split = table.take_split();
  EXPECT_EQ(split.rows.size(), 1U);
  EXPECT_EQ(split.untold, 1U);
}

TEST(SplitTable, WhatHasNoRowIsAddedToTheOthers) {
  Table table(1'000);
  for (int name = 0; name < 200; ++name) count(table, fmt::format("n{:03}", name), 1 + name % 2);
  const MessageSplit split = table.take_split();
  ASSERT_EQ(split.rows.size(), MessageSplit::kRows);
  EXPECT_EQ(split.rows.front().name, "n001");
  EXPECT_EQ(split.rows.back().name, "n099");
  EXPECT_EQ(sum(split), 300U);
  EXPECT_EQ(split.untold, 0U);
}

TEST(SplitTable, ThoseOfTwoThreadsAreAdded) {
  Table sum_of_all(2);
  Table other(2);
  for (const char* const name : {"a", "b", "c"}) count(sum_of_all, name);
  for (const char* const name : {"b", "d", "e"}) count(other, name, 2);
  sum_of_all.take(std::move(other));
  const MessageSplit split = sum_of_all.take_split();
  EXPECT_EQ(names(split), (std::vector<std::string>{"b", "d", "a"}));
  EXPECT_EQ(delivered(split.rows[0]), 3U);
  EXPECT_EQ(split.untold, 3U);
  EXPECT_EQ(sum(split), 9U);
}

MessageSplit of(const std::vector<std::pair<std::string, int>>& rows, int others = 0) {
  Table table(1'000);
  for (const auto& [name, times] : rows) count(table, name, times);
  MessageSplit split = table.take_split();
  split.others.counts.counters.delivered = static_cast<std::uint64_t>(others);
  for (int i = 0; i < others; ++i) split.others.latency.record(1ms);
  return split;
}

TEST(MergedSplit, RowsOfTheSameNameAreAdded) {
  const std::vector<MessageSplit> parts = {of({{"a", 3}, {"b", 2}}), of({{"c", 4}, {"b", 7}})};
  const MessageSplit split = merged(std::span<const MessageSplit>(parts));
  EXPECT_EQ(names(split), (std::vector<std::string>{"b", "c", "a"}));
  EXPECT_EQ(delivered(split.rows[0]), 9U);
  EXPECT_EQ(sum(split), 16U);
  EXPECT_EQ(split.untold, 0U);
}

TEST(MergedSplit, OnlyTheFirstOfTheUnionKeepTheirRows) {
  std::vector<std::pair<std::string, int>> one;
  std::vector<std::pair<std::string, int>> other;
  for (int name = 0; name < 40; ++name) {
    one.emplace_back(fmt::format("a{:02}", name), 2);
    other.emplace_back(fmt::format("b{:02}", name), 3);
  }
  const std::vector<MessageSplit> parts = {of(one), of(other)};
  const MessageSplit split = merged(std::span<const MessageSplit>(parts));
  ASSERT_EQ(split.rows.size(), MessageSplit::kRows);
  EXPECT_EQ(split.rows[39].name, "b39");
  EXPECT_EQ(split.rows[49].name, "a09");
  EXPECT_EQ(delivered(split.others), 60U);
  EXPECT_EQ(split.untold, 0U);  // all of them were known
}

// A name with a row in one part may be among the others of the other.
TEST(MergedSplit, OthersOfAPartThatLacksANameAreUntold) {
  const std::vector<MessageSplit> parts = {of({{"a", 3}, {"b", 2}}, 10), of({{"a", 1}}, 7)};
  const MessageSplit split = merged(std::span<const MessageSplit>(parts));
  EXPECT_EQ(split.untold, 7U);
  EXPECT_EQ(delivered(split.others), 17U);
}

TEST(MergedSplit, ASplitOfOneRowTellsNothing) {
  EXPECT_FALSE(of({{"a", 3}}).tells());
  EXPECT_FALSE(of({}).tells());
  EXPECT_TRUE(of({{"a", 3}}, 1).tells());
  EXPECT_TRUE(of({{"a", 3}, {"b", 3}}).tells());
}

}  // namespace
}  // namespace millrace::metrics
