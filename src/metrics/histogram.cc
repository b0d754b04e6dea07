#include "metrics/histogram.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <span>

namespace millrace::metrics {
namespace {

constexpr std::size_t kSize = Histogram::kSlots * sizeof(std::uint64_t);

constexpr std::size_t kHalf = std::size_t{1} << (Histogram::kSubBucketBits - 1);

// By how many bits the values of a slot are shifted.
unsigned bucket_of(std::size_t slot) {
  return slot < 2 * kHalf ? 0 : static_cast<unsigned>(slot / kHalf - 1);
}

}  // namespace

void Histogram::Unmap::operator()(std::uint64_t* counts) const { munmap(counts, kSize); }

// Not calloc(): what that recycles it clears, and so touches.
Histogram::Histogram() {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const pages = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  madvise(pages, kSize, MADV_NOHUGEPAGE);  // many of them side by side are still mostly nothing
  counts_.reset(static_cast<std::uint64_t*>(pages));
}

Histogram::Histogram(const Histogram& other) : Histogram() { add(other); }

Histogram& Histogram::operator=(const Histogram& other) {
  if (this != &other) *this = Histogram(other);
  return *this;
}

void Histogram::add(const Histogram& other) {
  for (std::size_t slot = 0; slot < other.used_; ++slot) {
    // What is nought stays untouched, so that its page need not be there.
    if (other.counts_[slot] != 0) counts_[slot] += other.counts_[slot];
  }
  total_ += other.total_;
  used_ = std::max(used_, other.used_);
}

void Histogram::clear() {
  std::memset(counts_.get(), 0, used_ * sizeof(std::uint64_t));
  total_ = 0;
  used_ = 0;
}

std::size_t Histogram::pages() const {
  constexpr std::size_t kSlotsAPage = 4'096 / sizeof(std::uint64_t);
  std::size_t pages = 0;
  for (std::span<const std::uint64_t> rest(counts_.get(), used_); !rest.empty();) {
    const auto page = rest.first(std::min(kSlotsAPage, rest.size()));
    if (std::any_of(page.begin(), page.end(), [](auto count) { return count != 0; })) ++pages;
    rest = rest.subspan(page.size());
  }
  return pages;
}

std::uint64_t Histogram::percentile(double share) const {
  if (empty()) return 0;
  // 0.999 of a thousand is the 999th, however a share that was calculated is rounded.
  constexpr double kRounding = 4 * std::numeric_limits<double>::epsilon();
  const double exact = std::clamp(share, 0.0, 1.0) * static_cast<double>(total_);
  const auto rank = static_cast<std::uint64_t>(std::ceil(exact * (1 - kRounding)));
  const auto wanted = std::clamp<std::uint64_t>(rank, 1, total_);
  std::uint64_t seen = 0;
  std::size_t slot = 0;
  while ((seen += counts_[slot]) < wanted) ++slot;
  return highest_of(slot);
}

std::uint64_t Histogram::least() const {
  if (empty()) return 0;
  std::size_t slot = 0;
  while (counts_[slot] == 0) ++slot;
  return lowest_of(slot);
}

std::uint64_t Histogram::count_above(Duration duration) const {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  std::uint64_t above = 0;
  for (std::size_t slot = slot_of(static_cast<std::uint64_t>(microseconds)) + 1; slot < used_;
       ++slot) {
    above += counts_[slot];
  }
  return above;
}

std::uint64_t Histogram::most() const { return empty() ? 0 : highest_of(used_slots() - 1); }

double Histogram::mean() const {
  if (empty()) return 0;
  double sum = 0;
  // As far as slots are of one width, whole numbers do, of which a row of the series needs but a
  // microsecond or two. (No run counts 2^53.)
  for (std::size_t begin = 0; begin < used_; begin += kHalf) {
    std::uint64_t times = 0;
    std::uint64_t steps = 0;
    for (std::size_t slot = begin; slot < std::min(begin + kHalf, used_); ++slot) {
      times += counts_[slot];
      steps += counts_[slot] * (slot - begin);
    }
    const double middle =
        (static_cast<double>(lowest_of(begin)) + static_cast<double>(highest_of(begin))) / 2;
    const auto width = static_cast<double>(std::uint64_t{1} << bucket_of(begin));
    sum += middle * static_cast<double>(times) + width * static_cast<double>(steps);
  }
  return sum / static_cast<double>(total_);
}

std::uint64_t Histogram::lowest_of(std::size_t slot) {
  const unsigned bucket = bucket_of(slot);
  return (std::uint64_t{slot} - kHalf * bucket) << bucket;
}

std::uint64_t Histogram::highest_of(std::size_t slot) {
  return lowest_of(slot) + (std::uint64_t{1} << bucket_of(slot)) - 1;
}

}  // namespace millrace::metrics
