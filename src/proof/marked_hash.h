#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proof/hash.h"

namespace millrace::proof {

// How many bytes of a text of this size its mark is the hash of: the largest 16 * 4^k below it, so
// that it is a quarter of it or more; 0: it has none.
constexpr std::uint64_t kFirstMark = 16;
constexpr std::uint64_t mark_length(std::uint64_t size) {
  if (size <= kFirstMark) return 0;
  std::uint64_t length = kFirstMark;
  while (length < (size + 3) / 4) length *= 4;
  return length;
}

// The hash of a text, and of its beginnings: at the marks, and at one length that is asked for.
class MarkedHash {
 public:
  // `watched`: the hash of so many first bytes is wanted.
  void begin(std::optional<std::uint64_t> watched);
  void update(std::string_view text);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const Hasher& hasher() const { return hasher_; }
  [[nodiscard]] Hash128 digest() const { return hasher_.digest(); }
  // Of the first mark_length(`size`) bytes, the lower half; nothing when there are not so many, 0
  // where that is.
  [[nodiscard]] std::optional<std::uint64_t> mark(std::uint64_t size) const;
  // Nothing while there are not so many bytes.
  [[nodiscard]] std::optional<Hash128> watched() const;

 private:
  static constexpr std::size_t kMarks = 26;  // the last one at 2^54 bytes
  void stop();
  void set_next_stop();

  Hasher hasher_;
  std::uint64_t size_ = 0;
  std::uint64_t next_stop_ = kFirstMark;  // where a hash is to be taken before more comes
  std::uint64_t next_mark_ = kFirstMark;
  std::size_t marks_ = 0;
  std::array<std::uint64_t, kMarks> mark_{};
  std::optional<std::uint64_t> watch_;
  std::optional<Hash128> watched_;
};

}  // namespace millrace::proof
