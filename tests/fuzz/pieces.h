#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace millrace::fuzz {

// The first byte of the input chooses the length of all reads but the last; 0: one read.
template <typename Take>
void in_pieces(const std::uint8_t* data, std::size_t size, Take take) {
  if (size == 0) return;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t length = data[0] == 0 ? size : data[0];
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, length);
    bytes.remove_prefix(piece.size());
    take(piece);
  }
}

// What must hold for every input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace millrace::fuzz
