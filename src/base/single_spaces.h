#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ascii.h"

namespace millrace {

// How much of this text, which is not empty and begins with no blank, has its white space as
// canonical forms have it (RFC 6376, 3.4.2), whatever follows: one space at a time, between other
// bytes. (Before other control characters it stops as well: they are rare.) Looks at blocks first,
// as bytes and without a branch, so that the compiler does many at once: all but a few of them have
// nothing to change.
template <std::size_t kBlock>
std::size_t single_spaced_length(std::string_view text) {
  const auto changes = [](char byte, char next) {
    const auto is_tab = static_cast<std::uint8_t>(byte == '\t');
    const auto is_space = static_cast<std::uint8_t>(byte == ' ');
    const auto before_more = static_cast<std::uint8_t>(static_cast<std::uint8_t>(next) <= ' ');
    return static_cast<std::uint8_t>(is_tab | (is_space & before_more));
  };
  const auto block_changes = [&](std::size_t begin) {
    const char* const block = text.data() + begin;
    std::uint8_t any = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      any = static_cast<std::uint8_t>(any | changes(block[i], block[i + 1]));
    }
    return any != 0;
  };
  const std::size_t last = text.size() - 1;
  std::size_t at = 0;
  while (at + kBlock <= last && !block_changes(at)) at += kBlock;
  // What is left of less than a block is looked at together with the end of the one before.
  const bool rest = at > 0 && at < last && at + kBlock > last;
  if (rest && !block_changes(last - kBlock)) at = last;
  while (at < last && changes(text[at], text[at + 1]) == 0) ++at;
  return at == last && !is_blank(text[at]) ? at + 1 : at;
}

}  // namespace millrace
