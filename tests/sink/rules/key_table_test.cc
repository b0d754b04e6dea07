#include "sink/rules/key_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>
#include <utility>

namespace millrace::sink::rules {
namespace {

// The same as a list, the last one touched in front.
class SlowTable {
 public:
  explicit SlowTable(std::size_t most) : most_(most) {}

  std::pair<int&, bool> touch(std::uint64_t key) {
    const auto found = find(key);
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      return {entries_.front().second, false};
    }
    if (entries_.size() == most_) {
      entries_.pop_back();
      ++forgotten_;
    }
    entries_.emplace_front(key, 0);
    return {entries_.front().second, true};
  }

  const int* look(std::uint64_t key) {
    const auto found = find(key);
    return found == entries_.end() ? nullptr : &found->second;
  }

  void erase(std::uint64_t key) {
    if (const auto found = find(key); found != entries_.end()) entries_.erase(found);
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

 private:
  std::list<std::pair<std::uint64_t, int>>::iterator find(std::uint64_t key) {
    return std::find_if(entries_.begin(), entries_.end(),
                        [&](const auto& entry) { return entry.first == key; });
  }

  std::size_t most_;
  std::uint64_t forgotten_ = 0;
  std::list<std::pair<std::uint64_t, int>> entries_;
};

// Keys are few, so that they come again, and `stride` apart, so that many want the same slot.
void expect_the_same(std::size_t most, std::uint64_t keys, std::uint64_t stride) {
  std::mt19937 random(static_cast<unsigned>(most + keys + stride));
  KeyTable<int> table(most);
  SlowTable slow(most);
  for (int step = 0; step < 5'000; ++step) {
    const std::uint64_t key = random() % keys * stride;
    if (random() % 4 == 0) {
      table.erase(key);
      slow.erase(key);
    } else if (random() % 4 == 0) {
      const int* const value = table.look(key);
      const int* const expected = slow.look(key);
      ASSERT_EQ(value == nullptr, expected == nullptr) << step;
      if (value != nullptr) {
        ASSERT_EQ(*value, *expected) << step;
      }
    } else {
      const auto [value, added] = table.touch(key);
      const auto [expected, slow_added] = slow.touch(key);
      ASSERT_EQ(added, slow_added) << step;
      ASSERT_EQ(value, expected) << step;
      value = expected = step;
    }
    ASSERT_EQ(table.size(), slow.size()) << step;
    ASSERT_EQ(table.forgotten(), slow.forgotten()) << step;
  }
}

TEST(KeyTable, DoesWhatASlowOneDoes) {
  for (const std::size_t most : {1, 2, 3, 16, 100, 10'000}) {
    for (const std::uint64_t keys : {2, 5, 40, 300}) {
      for (const std::uint64_t stride : {1ULL, 4ULL, 64ULL, 1ULL << 40, 0x9e3779b97f4a7c15ULL}) {
        ASSERT_NO_FATAL_FAILURE(expect_the_same(most, keys, stride))
            << most << ' ' << keys << ' ' << stride;
      }
    }
  }
}

}  // namespace
}  // namespace millrace::sink::rules
