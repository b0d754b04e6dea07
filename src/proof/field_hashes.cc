#include "proof/field_hashes.h"

namespace millrace::proof {

bool FieldHashes::hold(std::uint64_t count, std::uint64_t all) const {
  if (count == count_) return all == all_;
  if (count > count_ || count_ > kMost) return false;
  const std::uint64_t added = count_ - count;
  std::array<std::uint64_t, kMost + 1> power;
  power[0] = 1;
  for (std::size_t i = 1; i <= count_; ++i) power.at(i) = power.at(i - 1) * kBase;
  // Of the fields from one to another, that left out.
  const auto row = [&](std::size_t from, std::size_t to) {
    return beginning_.at(to) - beginning_.at(from) * power.at(to - from);
  };
  for (std::size_t at = 0; at <= added; ++at) {
    if (row(at, at + count) == all) return true;  // `at` above them, the others below
  }
  for (std::size_t at = 1; at < count; ++at) {
    if (row(0, at) * power.at(count - at) + row(at + added, count_) == all) return true;
  }
  return false;
}

}  // namespace millrace::proof
