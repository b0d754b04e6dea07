#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/printable.h"

namespace millrace {

// How many columns of a terminal a text takes that printable() made: characters of East Asia take
// two, accents that follow their letter none.
std::size_t columns_of(std::string_view printable_text);

// Text of others, printable, in no more than `most` columns, which are more than three: of a longer
// one the beginning and the end with "..." between them, and no part of an escape or of a letter.
std::string fitted(std::string_view text, std::size_t most, Charset charset = charset_of_locale());

}  // namespace millrace
