#include "mail/dkim/dkim_body.h"

#include <algorithm>

#include "base/ascii.h"

namespace millrace::mail {
namespace {

// Whether the canonical form may differ from the text at this byte, the next one known: a tab, or a
// blank before more white space. (Other control characters may count as that: they are rare.) As
// bytes and without a branch, so that the compiler does many at once.
std::uint8_t may_change(char byte, char next) {
  const auto is_tab = static_cast<std::uint8_t>(byte == '\t');
  const auto is_space = static_cast<std::uint8_t>(byte == ' ');
  const auto before_more = static_cast<std::uint8_t>(static_cast<std::uint8_t>(next) <= ' ');
  return static_cast<std::uint8_t>(is_tab | (is_space & before_more));
}

// How much of this text, which begins with neither white space nor a CR, is canonical as it is,
// whatever follows. Looks at blocks first: all but a few of them have nothing to change.
std::size_t canonical_length(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  const std::size_t last = text.size() - 1;
  std::size_t at = 0;
  while (at + kBlock <= last) {
    const char* const block = text.data() + at;
    std::uint8_t changes = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      changes = static_cast<std::uint8_t>(changes | may_change(block[i], block[i + 1]));
    }
    if (changes != 0) break;
    at += kBlock;
  }
  while (at < last && may_change(text[at], text[at + 1]) == 0) ++at;
  if (at == last && !is_blank(text[at])) ++at;
  // Empty lines, and half an end of a line, count when more text follows.
  text = text.substr(0, at);
  if (text.ends_with('\r')) text.remove_suffix(1);
  while (text.ends_with("\r\n")) text.remove_suffix(2);
  return text.size();
}

}  // namespace

// More text follows what was held back.
void BodyHasher::flush() {
  constexpr std::string_view kLineEnds = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
  while (line_ends_ > 0) {
    const auto ends = std::min<std::uint64_t>(line_ends_, kLineEnds.size() / 2);
    hash_.update(kLineEnds.substr(0, 2 * ends));
    line_ends_ -= ends;
  }
  if (blank_) hash_.update(" ");
  blank_ = false;
  empty_ = false;
}

void BodyHasher::update(std::string_view piece) {
  while (!piece.empty()) {
    const char byte = piece.front();
    if (cr_) {
      cr_ = false;
      if (byte == '\n') {
        blank_ = false;
        ++line_ends_;
        piece.remove_prefix(1);
        continue;
      }
      flush();
      hash_.update("\r");
    }
    if (is_blank(byte) || byte == '\r') {
      (byte == '\r' ? cr_ : blank_) = true;
      piece.remove_prefix(1);
      continue;
    }
    flush();
    const std::size_t canonical = canonical_length(piece);
    hash_.update(piece.substr(0, canonical));
    piece.remove_prefix(canonical);
  }
}

BodyHash BodyHasher::finish() {
  if (cr_) {
    flush();
    hash_.update("\r");
  }
  if (!empty_) hash_.update("\r\n");
  empty_ = true;
  line_ends_ = 0;
  blank_ = false;
  cr_ = false;
  return hash_.finish();
}

}  // namespace millrace::mail
