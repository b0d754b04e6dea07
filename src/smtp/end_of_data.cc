#include "smtp/end_of_data.h"

#include <algorithm>

namespace millrace::smtp {
namespace {

constexpr std::size_t kBlock = 256;

// Whether an LF in the block is followed by a dot. Without branches, so that the compiler
// makes vector instructions of it; reads kBlock + 1 bytes.
bool may_hold_mark(const char* block) {
  unsigned char any = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    any |= static_cast<unsigned char>(static_cast<unsigned char>(block[i] == '\n') &
                                      static_cast<unsigned char>(block[i + 1] == '.'));
  }
  return any != 0;
}

// The first position at or after `from` of an LF that a dot follows; where none is left, the
// last positions of `bytes`, which must be matched byte by byte with the next read in mind.
std::size_t find_candidate(std::string_view bytes, std::size_t from) {
  std::size_t at = from;
  for (; at + kBlock < bytes.size(); at += kBlock) {
    if (!may_hold_mark(bytes.data() + at)) continue;
    const std::size_t found = bytes.find("\n.", at);
    if (found < at + kBlock) return found;
  }
  return std::min(bytes.find("\n.", at), bytes.size());
}

}  // namespace

void EndOfData::step(char byte) {
  if (byte == kMark[matched_]) {
    ++matched_;
  } else {
    matched_ = byte == '\r' ? 1 : 0;  // the mark's only borders start with its first byte
  }
}

std::size_t EndOfData::scan(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !found()) {
    if (matched_ > 0) {
      step(bytes[at++]);
      continue;
    }
    // Nothing is matched: go to the CR before the next LF-dot, or to the bytes at the end that
    // could begin a mark.
    const std::size_t candidate = find_candidate(bytes, at);
    const std::size_t tail = bytes.size() - std::min<std::size_t>(bytes.size(), 2);
    at = std::max(
        at, candidate == bytes.size() ? tail : candidate - std::min(candidate, std::size_t{1}));
    step(bytes[at++]);
  }
  return at;
}

}  // namespace millrace::smtp
