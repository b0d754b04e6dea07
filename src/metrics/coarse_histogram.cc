#include "metrics/coarse_histogram.h"

#include <algorithm>

namespace millrace::metrics {
namespace {

constexpr std::size_t kCoarseHalf = std::size_t{1} << (CoarseHistogram::kSubBucketBits - 1);

}  // namespace

void CoarseHistogram::record(Duration duration) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  const auto value = std::clamp<std::int64_t>(microseconds, 0, Histogram::kMost);
  most_ = std::max(most_, static_cast<std::uint64_t>(value));
  ++counts_[slot_of(static_cast<std::uint64_t>(value))];
}

void CoarseHistogram::add(const CoarseHistogram& other) {
  for (std::size_t slot = 0; slot < kSlots; ++slot) counts_[slot] += other.counts_[slot];
  most_ = std::max(most_, other.most_);
}

void CoarseHistogram::add_to(Histogram& histogram) const {
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    if (counts_[slot] == 0) continue;
    histogram.count_at(Histogram::slot_of(std::min(highest_of(slot), most_)), counts_[slot]);
  }
}

std::size_t CoarseHistogram::slot_of(std::uint64_t microseconds) {
  constexpr std::uint64_t kMask = 2 * kCoarseHalf - 1;
  const auto bucket = static_cast<unsigned>(std::bit_width(microseconds | kMask)) - kSubBucketBits;
  return bucket * kCoarseHalf + (microseconds >> bucket);
}

std::uint64_t CoarseHistogram::highest_of(std::size_t slot) {
  const std::size_t bucket = slot < 2 * kCoarseHalf ? 0 : slot / kCoarseHalf - 1;
  return ((slot - kCoarseHalf * bucket + 1) << bucket) - 1;
}

}  // namespace millrace::metrics
