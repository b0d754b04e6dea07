#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

// Whether all bytes of a text are ASCII.
bool is_ascii(std::string_view text);

// Whether they are UTF-8 (RFC 3629), and how many at its front are.
bool is_utf8(std::string_view text);
std::size_t utf8_length(std::string_view text);

// The bytes of the character in UTF-8 that a text, which is not empty, begins with; 0: it does not.
std::size_t first_utf8_character(std::string_view text);

}  // namespace millrace
