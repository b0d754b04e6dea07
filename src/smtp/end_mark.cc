#include "smtp/end_mark.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace::smtp {
namespace {

// Bytes are taken in pairs from the start of a block. So cut, CR LF "." CR LF shows LF-dot or
// dot-CR as one pair, wherever it stands, and each byte is loaded once. Only where there is such
// a pair is the whole mark looked for.
constexpr std::size_t kBlock = 256;

constexpr std::uint16_t pair(char first, char second) {
  return std::bit_cast<std::uint16_t>(std::array{first, second});
}

constexpr std::uint16_t kLineFeedDot = pair('\n', '.');
constexpr std::uint16_t kDotReturn = pair('.', '\r');

// `shows_mark`: whether a block has one of the two pairs.
template <typename ShowsMark>
[[gnu::always_inline]] inline std::size_t search(std::string_view bytes, ShowsMark shows_mark) {
  if (bytes.size() < kBlock) return bytes.find(kWholeEndMark);
  const std::size_t last = bytes.size() - kBlock;
  for (std::size_t at = 0;; at = std::min(at + kBlock, last)) {
    if (shows_mark(bytes.data() + at)) {
      // The pair may be the second or third byte of the mark, or the last of the block.
      const std::size_t from = at - std::min(at, std::size_t{2});
      const std::size_t found =
          bytes.substr(from, kBlock + kWholeEndMark.size()).find(kWholeEndMark);
      if (found != std::string_view::npos) return from + found;
    }
    if (at == last) return std::string_view::npos;
  }
}

}  // namespace

// Without branches, so that the compiler makes vector instructions of it.
std::size_t find_end_mark(std::string_view bytes) {
  return search(bytes, [](const char* block) {
    int any = 0;
    for (std::size_t i = 0; i < kBlock; i += 2) {
      std::uint16_t two = 0;
      std::memcpy(&two, block + i, sizeof two);
      any |= static_cast<int>(two == kLineFeedDot) | static_cast<int>(two == kDotReturn);
    }
    return any != 0;
  });
}

#if defined(__x86_64__)

namespace {

struct ShowsMarkAvx2 {
  [[gnu::target("avx2")]] bool operator()(const char* block) const {
    const __m256i line_feed_dot = _mm256_set1_epi16(static_cast<short>(kLineFeedDot));
    const __m256i dot_return = _mm256_set1_epi16(static_cast<short>(kDotReturn));
    __m256i any = _mm256_setzero_si256();
    for (std::size_t i = 0; i < kBlock; i += sizeof any) {
      const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + i));
      any = _mm256_or_si256(any, _mm256_or_si256(_mm256_cmpeq_epi16(pairs, line_feed_dot),
                                                 _mm256_cmpeq_epi16(pairs, dot_return)));
    }
    return _mm256_testz_si256(any, any) == 0;
  }
};

[[gnu::target("avx2")]] std::size_t find_end_mark_avx2(std::string_view bytes) {
  return search(bytes, ShowsMarkAvx2());
}

}  // namespace

EndMarkSearch end_mark_search_avx2() {
  return __builtin_cpu_supports("avx2") != 0 ? find_end_mark_avx2 : nullptr;
}

#else

EndMarkSearch end_mark_search_avx2() { return nullptr; }

#endif

}  // namespace millrace::smtp
