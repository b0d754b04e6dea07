#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::report {

// How wide lines of the summary are that could be of any length.
inline constexpr std::size_t kWrapColumn = 80;

// A list in lines of at most so many columns, as they will be when they have become printable:
// broken behind a comma or a semicolon with a space behind it, which is left out. An element is
// never broken, so a longer one has a line of its own. At least one line.
std::vector<std::string> wrapped(std::string_view list, std::size_t columns);

}  // namespace millrace::report
