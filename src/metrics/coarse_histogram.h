#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "metrics/histogram.h"

namespace millrace::metrics {

// How often each latency occurred, in microseconds, from nothing to an hour, to within a sixteenth
// of it. It takes less than 4 KiB, where a Histogram takes that for each of its pages: so there can
// be thousands of them. Recording allocates nothing.
class CoarseHistogram {
 public:
  static constexpr unsigned kSubBucketBits = 5;  // 32 values told apart in a bucket
  static constexpr std::size_t kSlots = (std::size_t{1} << (kSubBucketBits - 1)) *
                                        (std::bit_width(Histogram::kMost) - kSubBucketBits + 2);

  // Counts one duration, as Histogram does.
  void record(Duration duration);
  void add(const CoarseHistogram& other);
  // Adds what it holds to one that tells more apart: each value as the highest of its slot, but
  // none as longer than the longest was.
  void add_to(Histogram& histogram) const;

 private:
  static std::size_t slot_of(std::uint64_t microseconds);
  static std::uint64_t highest_of(std::size_t slot);

  std::array<std::uint64_t, kSlots> counts_{};
  std::uint64_t most_ = 0;  // microseconds
};

}  // namespace millrace::metrics
