#pragma once

#include <cstddef>
#include <string_view>

namespace millrace::smtp {

// What ends content, with the line end before it.
inline constexpr std::string_view kWholeEndMark = "\r\n.\r\n";

// A search for the first whole mark in `bytes`: its position, or npos.
using EndMarkSearch = std::size_t (*)(std::string_view bytes);

// The searches, the slower one for any processor; null where this one cannot do the other.
std::size_t find_end_mark(std::string_view bytes);
EndMarkSearch end_mark_search_avx2();

inline EndMarkSearch best_end_mark_search() {
  const EndMarkSearch avx2 = end_mark_search_avx2();
  return avx2 != nullptr ? avx2 : find_end_mark;
}

}  // namespace millrace::smtp
