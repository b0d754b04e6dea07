#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::proof {

// The hashes of a header's fields, one behind the other, as one; and whether those that were sent
// are among them. What is added is found where it is in one place: a hash is one of hashes, of
// which the share of any row of fields can be told.
class FieldHashes {
 public:
  // Of more fields than these only all together are known.
  static constexpr std::size_t kMost = 256;

  void clear() {
    count_ = 0;
    all_ = 0;
  }

  void add(std::uint64_t hash) {
    all_ = all_ * kBase + hash;
    ++count_;
    if (count_ <= kMost) beginning_[count_] = all_;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t all() const { return all_; }

  // Whether these are `count` fields with the hash `all`, and others above them, below them or in
  // between, at one place or above and below.
  [[nodiscard]] bool hold(std::uint64_t count, std::uint64_t all) const;

 private:
  // Odd: no bit of a hash gets lost, however many follow.
  static constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15;

  std::uint64_t count_ = 0;
  std::uint64_t all_ = 0;
  std::array<std::uint64_t, kMost + 1> beginning_{};  // [n]: of the first n
};

}  // namespace millrace::proof
