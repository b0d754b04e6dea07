#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace millrace {

// Eight bytes at a time: of a message of its own each one is looked at while it is sent.
bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080;
  while (text.size() >= sizeof kHighBits) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text.data(), sizeof bytes);
    if ((bytes & kHighBits) != 0) return false;
    text.remove_prefix(sizeof bytes);
  }
  return std::ranges::none_of(text, [](char byte) { return (byte & 0x80) != 0; });
}

bool is_utf8(std::string_view text) { return utf8_length(text) == text.size(); }

std::size_t utf8_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    const std::size_t character = first_utf8_character(text.substr(length)).length;
    if (character == 0) break;
    length += character;
  }
  return length;
}

Utf8Character first_utf8_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {.length = 1, .value = lead};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  char32_t value = lead & (0x7fU >> length);
  for (const char byte : text.substr(1, length - 1)) {
    if (!continues_utf8(byte)) return {};
    value = value << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  constexpr std::array<char32_t, 3> kLeast = {0x80, 0x800, 0x10000};  // of two bytes and more
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kLeast[length - 2] || value > 0x10ffff || surrogate) return {};
  return {.length = length, .value = value};
}

}  // namespace millrace
