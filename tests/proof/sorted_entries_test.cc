#include "proof/sorted_entries.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/diagnostics.h"
#include "base/roll.h"
#include "scratch_directory.h"

namespace millrace::proof {
namespace {

struct Numbered {
  std::uint64_t key;
  std::uint64_t number;

  auto operator<=>(const Numbered&) const = default;
};

// Sorts with so much memory, and looks that nothing is missing or out of order.
std::size_t spills_of(std::vector<Numbered> entries, std::size_t memory) {
  const tests::ScratchDirectory scratch;
  SortedEntries<Numbered> sorted(memory, scratch.path());
  for (const Numbered& entry : entries) sorted.add(entry);
  sorted.sort();
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));  // what is spilled has no name
  std::vector<Numbered> result;
  for (; !sorted.empty(); sorted.pop()) {
    if (!result.empty()) {
      EXPECT_LE(result.back().key, sorted.front().key);
    }
    result.push_back(sorted.front());
  }
  std::sort(result.begin(), result.end());
  std::sort(entries.begin(), entries.end());
  EXPECT_EQ(result, entries);
  return sorted.spills();
}

TEST(SortedEntries, OfAnyOrderAndAnyNumberComeInOrder) {
  Roll roll(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Numbered> entries(roll.below(2'000));
    const std::uint64_t keys = 1 + roll.below(round % 2 == 0 ? 50 : 1'000'000);
    for (std::size_t number = 0; number < entries.size(); ++number) {
      const bool nearly = round % 3 == 0;
      entries[number] = {nearly ? number + roll.below(20) : roll.below(keys), number};
    }
    const std::size_t memory = 16 + roll.below(8'000);
    const std::size_t spills = spills_of(entries, memory);
    if (entries.size() * sizeof(Numbered) > 2 * memory + 16 * sizeof(Numbered)) {
      EXPECT_GT(spills, 0U) << memory;
    }
  }
}

TEST(SortedEntries, HaveTheHighestKeyToo) {
  const std::uint64_t highest = ~std::uint64_t{0};
  std::vector<Numbered> entries;
  for (std::uint64_t number = 0; number < 100; ++number) {
    entries.push_back({number % 3 == 0 ? highest : number, number});
  }
  EXPECT_GT(spills_of(entries, 1), 0U);
}

TEST(SortedEntries, WithMemoryEnoughNeedNoFile) {
  std::vector<Numbered> entries(1'000, {5, 5});
  EXPECT_EQ(spills_of(entries, 1 << 20), 0U);
  EXPECT_EQ(spills_of({}, 1 << 20), 0U);
}

TEST(SortedEntries, SayWhereTheyCannotBeSpilled) {
  SortedEntries<Numbered> sorted(1, "/no/such");
  try {
    for (std::uint64_t number = 0; number < 100; ++number) sorted.add({number, number});
    FAIL() << "no file, and no word of it";
  } catch (const Fatal& error) {
    EXPECT_STREQ(error.what(), "temporary file in /no/such: No such file or directory");
  }
}

}  // namespace
}  // namespace millrace::proof
