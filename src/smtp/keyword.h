#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::smtp {

inline constexpr std::string_view kBlanks = " \t";

// Text without the blanks around it.
std::string_view without_blanks(std::string_view text);

// Whether two words are the same keyword, in any case (RFC 5321, 2.4).
bool same_keyword(std::string_view one, std::string_view other);

// The place of a spoken word among keywords, or nothing.
std::optional<std::size_t> find_keyword(std::string_view spoken,
                                        std::span<const std::string_view> keywords);

// The word of a list (separated by blanks) that is the same keyword as `word`; else empty.
std::string_view find_listed(std::string_view word, std::string_view list);

// Takes the next word off the front of `text`; empty when none is left.
std::string_view take_word(std::string_view& text, std::string_view separators = kBlanks);

}  // namespace millrace::smtp
