#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace::mail {

inline void append_decimal(std::uint64_t number, std::string& text) {
  std::array<char, 20> digits;
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

}  // namespace millrace::mail
