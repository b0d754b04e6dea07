#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace millrace {

// The whole number that `text` writes in decimal digits and nothing else, if it is one and within
// the bounds.
std::optional<std::uint64_t> whole_number(
    std::string_view text, std::uint64_t least = 0,
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

}  // namespace millrace
