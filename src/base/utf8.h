#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

// Whether all bytes of a text are ASCII.
bool is_ascii(std::string_view text);

// Whether they are UTF-8 (RFC 3629), and how many at its front are.
bool is_utf8(std::string_view text);
std::size_t utf8_length(std::string_view text);

// Whether a byte goes on with a character of UTF-8 that began before it.
constexpr bool continues_utf8(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

struct Utf8Character {
  std::size_t length = 0;  // bytes; 0: there is none
  char32_t value = 0;
};

// The character that a text, which is not empty, begins with (RFC 3629).
Utf8Character first_utf8_character(std::string_view text);

}  // namespace millrace
