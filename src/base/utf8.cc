#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace millrace {
namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

}  // namespace

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
    const std::size_t character = first_utf8_character(text.substr(length));
    if (character == 0) break;
    length += character;
  }
  return length;
}

std::size_t first_utf8_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  if (!std::ranges::all_of(text.substr(1, length - 1), continues)) return 0;
  // What has a shorter form, surrogates, and what is beyond the last (RFC 3629, 4).
  const auto second = static_cast<unsigned char>(text[1]);
  const bool bad = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                   (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return bad ? 0 : length;
}

}  // namespace millrace
