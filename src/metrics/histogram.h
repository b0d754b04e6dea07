// metrics/ is what a run is measured by: histograms, counters, seconds. It knows neither sockets
// nor files, and nothing in it is locked but the timeline.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/time.h"

namespace millrace::metrics {

// How often each latency occurred, in microseconds, from nothing to an hour, to three significant
// digits. The layout of buckets is that of HdrHistogram (lowest discernible value 1, highest
// trackable 3,600,000,000), so that its readers understand what codec.h makes of it.
//
// Recording costs some nanoseconds and allocates nothing. The counts are zero pages that the
// system provides as they are touched: a histogram that holds little costs little.
class Histogram {
 public:
  static constexpr std::uint64_t kMost = 3'600'000'000;  // microseconds: an hour
  static constexpr int kDigits = 3;                      // significant, decimal
  static constexpr unsigned kSubBucketBits = 11;         // 2,048 values told apart in a bucket
  static constexpr unsigned kBuckets = 22;               // each twice as wide as the one before
  static constexpr std::size_t kSlots = (kBuckets + 1) << (kSubBucketBits - 1);

  Histogram();
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  Histogram(Histogram&&) = default;
  Histogram& operator=(Histogram&&) = default;
  ~Histogram() = default;

  // Counts one duration, or so many that are alike. What is negative counts as nothing, what is
  // longer than an hour as an hour.
  void record(Duration duration, std::uint64_t times = 1) {
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    count_at(slot_of(microseconds > 0 ? static_cast<std::uint64_t>(microseconds) : 0), times);
  }

  // Counts `times` values of `slot`.
  void count_at(std::size_t slot, std::uint64_t times) {
    counts_[slot] += times;
    total_ += times;
    if (slot >= used_) used_ = slot + 1;
  }

  // Adds what another one holds.
  void add(const Histogram& other);
  void clear();

  [[nodiscard]] std::uint64_t count() const { return total_; }
  [[nodiscard]] bool empty() const { return total_ == 0; }
  [[nodiscard]] std::uint64_t count_at(std::size_t slot) const { return counts_[slot]; }
  // How many pages of memory of 4 KiB hold something.
  [[nodiscard]] std::size_t pages() const;
  // How many slots there are up to the last that holds something.
  [[nodiscard]] std::size_t used_slots() const { return used_; }

  // All in microseconds, to the precision of the slots, and 0 when nothing was counted. A
  // percentile is the highest value of the slot in which `share` (0 to 1) of all is reached.
  [[nodiscard]] std::uint64_t percentile(double share) const;
  [[nodiscard]] std::uint64_t least() const;
  // How many are longer, but for those in the slot of it.
  [[nodiscard]] std::uint64_t count_above(Duration duration) const;
  [[nodiscard]] std::uint64_t most() const;
  [[nodiscard]] double mean() const;

  // The slot of a value, and the lowest and the highest value of a slot, in microseconds.
  static std::size_t slot_of(std::uint64_t microseconds) {
    const std::uint64_t value = microseconds < kMost ? microseconds : kMost;
    constexpr std::uint64_t kMask = (1U << kSubBucketBits) - 1;
    const auto bucket = static_cast<unsigned>(std::bit_width(value | kMask)) - kSubBucketBits;
    return (std::size_t{bucket} << (kSubBucketBits - 1)) + (value >> bucket);
  }
  static std::uint64_t lowest_of(std::size_t slot);
  static std::uint64_t highest_of(std::size_t slot);

 private:
  struct Unmap {
    void operator()(std::uint64_t* counts) const;
  };

  std::unique_ptr<std::uint64_t[], Unmap> counts_;
  std::uint64_t total_ = 0;
  std::size_t used_ = 0;
};

}  // namespace millrace::metrics
