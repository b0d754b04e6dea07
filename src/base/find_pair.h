#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {
namespace find_pair_detail {

// In how many bytes of this text, in whole blocks, there is none; one more byte follows it. As
// bytes and without a branch within a block, so that the compiler looks at many at once.
template <std::size_t kBlock, typename Wanted>
[[gnu::always_inline]] inline std::size_t blocks_without(const char* text, std::size_t size,
                                                         Wanted wanted) {
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock) {
    std::uint8_t any = 0;
    for (std::size_t i = at; i < at + kBlock; ++i) {
      any = static_cast<std::uint8_t>(any | wanted(text[i], text[i + 1]));
    }
    if (any != 0) break;
  }
  return at;
}

// In large blocks, and what is left of them, or the one that has some, in small ones.
template <typename Wanted>
[[gnu::always_inline]] inline std::size_t bytes_without(const char* text, std::size_t size,
                                                        Wanted wanted) {
  const std::size_t at = blocks_without<256>(text, size, wanted);
  return at + blocks_without<32>(text + at, size - at, wanted);
}

#ifdef __x86_64__
// With what most processors have: a megabyte is looked at in half of the time.
template <typename Wanted>
[[gnu::target("avx2")]] std::size_t bytes_without_avx2(const char* text, std::size_t size,
                                                       Wanted wanted) {
  return bytes_without(text, size, wanted);
}
#endif

}  // namespace find_pair_detail

// The place of the first of two bytes side by side that are wanted; that of the last byte where
// there are none. `text` is not empty. `wanted`: of two bytes, 0 or 1 in a std::uint8_t without a
// branch, and always inlined. For what is rare.
template <typename Wanted>
std::size_t find_pair(std::string_view text, Wanted wanted) {
  const std::size_t last = text.size() - 1;
#ifdef __x86_64__
  std::size_t at = __builtin_cpu_supports("avx2") != 0
                       ? find_pair_detail::bytes_without_avx2(text.data(), last, wanted)
                       : find_pair_detail::bytes_without(text.data(), last, wanted);
#else
  std::size_t at = find_pair_detail::bytes_without(text.data(), last, wanted);
#endif
  while (at < last && wanted(text[at], text[at + 1]) == 0) ++at;
  return at;
}

}  // namespace millrace
