#pragma once

#include <cstdint>
#include <string_view>

#include "base/roll.h"

namespace millrace::mail {

// Words as letters have them: in lower case, ASCII, of at most kLongestWord letters.
inline constexpr std::size_t kLongestWord = 12;

// One of them.
std::string_view random_word(Roll& roll);

// A whole number from 0 to `below` - 1; `below` is not 0.
std::uint64_t random_number(Roll& roll, std::uint32_t below);

}  // namespace millrace::mail
