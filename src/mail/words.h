#pragma once

#include <cstddef>
#include <string_view>

#include "base/roll.h"

namespace millrace::mail {

// Words as letters have them: in lower case, ASCII, of at most kLongestWord letters.
inline constexpr std::size_t kLongestWord = 12;

// One of them.
std::string_view random_word(Roll& roll);

}  // namespace millrace::mail
