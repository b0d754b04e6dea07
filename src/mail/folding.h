#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::mail {

// A line of a header section should have no more characters than this, without its end (RFC
// 5322, 2.1.1).
inline constexpr std::size_t kFoldedLine = 78;

// Whether a line of the value that `field` has from `begin` on is longer than that; what is ahead
// on the same line counts.
bool is_long(std::string_view field, std::size_t begin);

// Puts the value of an unstructured field to the end of `field` and folds it: ahead of blanks
// between its words, wherever the line would become longer than kFoldedLine, and nowhere else (RFC
// 5322, 2.2.3 and 3.2.5). A longer word stays whole, the first one behind the field's name; where
// the value is folded already, it stays so.
void append_folded(std::string_view value, std::string& field);

}  // namespace millrace::mail
