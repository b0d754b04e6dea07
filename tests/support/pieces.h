#pragma once

#include <algorithm>
#include <cstddef>
#include <random>
#include <string_view>
#include <vector>

namespace millrace::test {

// Ways to cut a stream of bytes into reads.
enum class Cut { whole, byte_by_byte, random };

inline std::vector<std::string_view> cut(std::string_view bytes, Cut how, unsigned seed = 0) {
  if (how == Cut::whole) return {bytes};
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> any(1, 40);
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    const std::size_t length =
        std::min(how == Cut::byte_by_byte ? std::size_t{1} : any(random), bytes.size());
    pieces.push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return pieces;
}

}  // namespace millrace::test
