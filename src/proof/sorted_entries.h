#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "proof/spill_file.h"

namespace millrace::proof {

// Any number of entries in the order of their keys, with so much memory and no more: what has no
// room is sorted and spilled, and all of it merged when it is read (an external merge sort). Memory
// is taken as entries come. An Entry is trivial and has a `key`; of equal ones any may come first.
//
// First add() for all, then front() and pop() until empty().
template <typename Entry>
class SortedEntries {
  // With initial values all of the memory would be written to before there is one entry.
  static_assert(std::is_trivial_v<Entry>);

 public:
  // `memory`: in bytes, of which a quarter is for reading what was spilled.
  SortedEntries(std::size_t memory, std::string directory)
      : capacity_(std::max(kFewest, memory / 4 * 3 / sizeof(Entry))),
        read_memory_(memory / 4),
        entries_(std::make_unique_for_overwrite<Entry[]>(capacity_)),
        file_(std::move(directory)) {}

  void add(const Entry& entry) {
    if (count_ == capacity_) spill();
    entries_[count_++] = entry;
  }

  // Ends the adding.
  void sort() {
    sort_memory();
    const std::size_t share =
        runs_.empty() ? 0 : std::max(kFewest, read_memory_ / sizeof(Entry) / runs_.size());
    for (Run& run : runs_) {
      run.capacity = std::min({share, kMostRead / sizeof(Entry), run.left});
      run.buffer = std::make_unique_for_overwrite<Entry[]>(run.capacity);
      refill(run);
    }
    runs_.push_back({.next = entries_.get(), .end = entries_.get() + count_});
    std::erase_if(runs_, [](const Run& run) { return run.next == run.end; });
    std::make_heap(runs_.begin(), runs_.end(), later);
    find_limit();
  }

  [[nodiscard]] bool empty() const { return runs_.empty(); }
  [[nodiscard]] const Entry& front() const { return *runs_.front().next; }
  [[nodiscard]] std::size_t spills() const { return spills_; }

  void pop() {
    Run& run = runs_.front();
    if (++run.next == run.end && !refill(run)) {
      std::pop_heap(runs_.begin(), runs_.end(), later);
      runs_.pop_back();
      find_limit();
    } else if (run.next->key > limit_) {
      // Journals are nearly in order, so that mostly one run goes on for long.
      std::pop_heap(runs_.begin(), runs_.end(), later);
      std::push_heap(runs_.begin(), runs_.end(), later);
      find_limit();
    }
  }

 private:
  static constexpr std::size_t kFewest = 16;
  static constexpr std::size_t kMostRead = std::size_t{1} << 20;  // bytes at a time

  struct Run {
    const Entry* next = nullptr;
    const Entry* end = nullptr;
    std::uint64_t place = 0;  // of what is still in the file, and how many entries that are
    std::size_t left = 0;
    std::size_t capacity = 0;
    std::unique_ptr<Entry[]> buffer;
  };

  static bool later(const Run& one, const Run& other) { return one.next->key > other.next->key; }

  void sort_memory() {
    Entry* const begin = entries_.get();
    std::sort(begin, begin + count_,
              [](const Entry& one, const Entry& other) { return one.key < other.key; });
  }

  void spill() {
    sort_memory();
    runs_.push_back({.place = file_.size(), .left = count_});
    file_.append(entries_.get(), count_ * sizeof(Entry));
    count_ = 0;
    ++spills_;
  }

  bool refill(Run& run) {
    const std::size_t count = std::min(run.left, run.capacity);
    if (count == 0) return false;
    file_.read(run.place, run.buffer.get(), count * sizeof(Entry));
    run.place += count * sizeof(Entry);
    run.left -= count;
    run.next = run.buffer.get();
    run.end = run.next + count;
    return true;
  }

  // How far the first run may go before another's turn comes.
  void find_limit() {
    limit_ = ~std::uint64_t{0};
    for (std::size_t place = 1; place < std::min<std::size_t>(3, runs_.size()); ++place) {
      limit_ = std::min(limit_, runs_[place].next->key);
    }
  }

  std::size_t capacity_;
  std::size_t read_memory_;
  std::unique_ptr<Entry[]> entries_;
  std::size_t count_ = 0;
  SpillFile file_;
  std::vector<Run> runs_;  // once sorted a heap, the least key in front
  std::size_t spills_ = 0;
  std::uint64_t limit_ = 0;
};

}  // namespace millrace::proof
