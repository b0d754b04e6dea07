#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace millrace {

inline constexpr std::string_view kLineEnd = "\r\n";  // RFC 5321, 2.3.8

// Calls `take` with so many ends of lines, in pieces of several.
template <typename Take>
void repeat_line_end(std::uint64_t times, Take take) {
  constexpr std::string_view kEnds = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
  while (times > 0) {
    const auto some = std::min<std::uint64_t>(times, kEnds.size() / kLineEnd.size());
    take(kEnds.substr(0, some * kLineEnd.size()));
    times -= some;
  }
}

}  // namespace millrace
