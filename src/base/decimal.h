#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace millrace {

// Puts the digits of a number behind a text. No locale has a say in them.
inline void append_decimal(std::uint64_t number, std::string& text) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> digits;
  text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

// At least four digits.
inline void append_hexadecimal(std::uint64_t number, std::string& text) {
  constexpr std::size_t kLeast = 4;
  std::array<char, kLeast + 16> digits{'0', '0', '0', '0'};
  char* const start = digits.data() + kLeast;
  const char* const end = std::to_chars(start, digits.end(), number, 16).ptr;
  text.append(std::min<const char*>(start, end - kLeast), end);
}

}  // namespace millrace
