#include "mail/dkim/dkim_body.h"

#include "base/ascii.h"
#include "base/line_end.h"
#include "base/single_spaces.h"

namespace millrace::mail {
namespace {

// How much of this text, which begins with neither white space nor a CR, is canonical as it is,
// whatever follows.
std::size_t canonical_length(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  text = text.substr(0, single_spaced_length<kBlock>(text));
  // Empty lines, and half an end of a line, count when more text follows.
  if (text.ends_with('\r')) text.remove_suffix(1);
  while (text.ends_with(kLineEnd)) text.remove_suffix(kLineEnd.size());
  return text.size();
}

}  // namespace

// More text follows what was held back.
void BodyHasher::flush() {
  repeat_line_end(line_ends_, [this](std::string_view ends) { hash_.update(ends); });
  line_ends_ = 0;
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
  if (!empty_) hash_.update(kLineEnd);
  empty_ = true;
  line_ends_ = 0;
  blank_ = false;
  cr_ = false;
  return hash_.finish();
}

}  // namespace millrace::mail
