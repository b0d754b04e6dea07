#include "proof/body_text.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/find_pair.h"
#include "base/line_end.h"

namespace millrace::proof {
namespace {

// Whether there may be something to look at here, the next byte known: blanks ahead of more white
// space, or the beginning of a stamp.
struct Matters {
  [[gnu::always_inline]] std::uint8_t operator()(char byte, char next) const {
    const auto blank = static_cast<std::uint8_t>(static_cast<std::uint8_t>(byte == ' ') |
                                                 static_cast<std::uint8_t>(byte == '\t'));
    const auto white = static_cast<std::uint8_t>(static_cast<std::uint8_t>(next) <= ' ');
    const auto stamp = static_cast<std::uint8_t>(static_cast<std::uint8_t>(byte == kStampName[0]) &
                                                 static_cast<std::uint8_t>(next == kStampName[1]));
    return static_cast<std::uint8_t>((blank & white) | stamp);
  }
};

// How much of this text, which begins with neither a blank nor a CR, is canonical as it is,
// whatever follows; behind its first byte not beyond what may begin a stamp. Looks at blocks first:
// all but a few of them have nothing to look at.
std::size_t canonical_length(std::string_view text) {
  const std::size_t last = text.size() - 1;
  std::size_t at = std::min<std::size_t>(1, last);
  at += find_pair(text.substr(at), Matters());
  // Of the last byte but what is known of it.
  const bool open = is_blank(text[at]) || (at > 0 && text[at] == kStampName[0]);
  if (at == last && !open) ++at;
  // Empty lines, and half an end of a line, count when more text follows.
  text = text.substr(0, at);
  if (text.ends_with('\r')) text.remove_suffix(1);
  while (text.ends_with(kLineEnd)) text.remove_suffix(kLineEnd.size());
  return text.size();
}

}  // namespace

BodyText::BodyText(StampReader* stamps) : stamps_(stamps) { blanks_.reserve(kMostBlanks); }

void BodyText::begin(Source source, std::optional<std::uint64_t> watched) {
  source_ = source;
  canonical_.begin(watched);
  begun_ = false;
  line_ends_ = 0;
  blanks_.clear();
  cr_ = false;
  apart_ = source == Source::decoded;
  exact_.reset();
  exact_size_ = 0;
  reading_ = false;
  stamp_.finding = StampFinding::none;
  stamp_.cut = false;
}

void BodyText::take(std::string_view text) {
  exact_size_ += text.size();
  not_exact_ = text;
  scan(text);
  if (apart_) exact_.update(not_exact_);
}

void BodyText::take_encoded(std::string_view text) {
  exact_size_ += text.size();
  exact_.update(text);
}

void BodyText::scan(std::string_view text) {
  while (!text.empty()) {
    const char byte = text.front();
    if (cr_ && byte == '\n') {
      if (!blanks_.empty() && !apart_) set_apart(text);
      blanks_.clear();
      cr_ = false;
      ++line_ends_;
      text.remove_prefix(1);
      continue;
    }
    if (cr_) {
      flush();
      cr_ = false;
      emit("\r");
    }
    if (byte == '\r') {
      cr_ = true;
      text.remove_prefix(1);
      continue;
    }
    if (is_blank(byte)) {
      if (blanks_.size() == kMostBlanks) flush();
      blanks_ += byte;
      text.remove_prefix(1);
      continue;
    }
    if (may_begin_stamp(text)) begin_stamp(text);
    flush();
    const std::size_t canonical = canonical_length(text);
    emit(text.substr(0, canonical));
    text.remove_prefix(canonical);
  }
}

// More text follows what was held back.
void BodyText::flush() {
  repeat_line_end(line_ends_, [this](std::string_view ends) { emit(ends); });
  line_ends_ = 0;
  emit(blanks_);
  blanks_.clear();
}

void BodyText::emit(std::string_view text) {
  if (text.empty()) return;
  if (reading_) {
    const std::size_t read = stamps_->take(text);
    if (!stamps_->reading()) end_stamp(canonical_.size() + read);
  }
  canonical_.update(text);
  begun_ = true;
}

// The blanks that are held back are dropped; `rest` is what the end of their line has still to come
// of, and what follows it.
void BodyText::set_apart(std::string_view rest) {
  apart_ = true;
  exact_.become(canonical_.hasher());
  repeat_line_end(line_ends_, [this](std::string_view ends) { exact_.update(ends); });
  exact_.update(blanks_);
  exact_.update("\r");
  not_exact_ = rest;
}

bool BodyText::at_line_start() const {
  return blanks_.empty() && !cr_ && (line_ends_ > 0 || !begun_);
}

Hash128 BodyText::exact() const {
  if (apart_) return exact_.digest();
  scratch_.become(canonical_.hasher());
  repeat_line_end(line_ends_, [this](std::string_view ends) { scratch_.update(ends); });
  return scratch_.digest();
}

// A line that goes on with a stamp begins none.
bool BodyText::may_begin_stamp(std::string_view text) const {
  return stamps_ != nullptr && text[0] == kStampName[0] &&
         (text.size() == 1 || text[1] == kStampName[1]) && at_line_start() &&
         !(reading_ && stamps_->expects(text[0]));
}

void BodyText::begin_stamp(std::string_view text) {
  if (reading_) end_stamp(canonical_.size());
  candidate_.above_size = exact_size_;
  if (source_ == Source::plain) {
    candidate_.above_size -= text.size();
    if (apart_) {
      exact_.update(not_exact_.substr(0, not_exact_.size() - text.size()));
      not_exact_ = text;
    }
  }
  candidate_.above = digest();
  candidate_.cut = false;
  stamps_->begin();
  reading_ = true;
}

void BodyText::end_stamp(std::uint64_t end) {
  reading_ = false;
  candidate_.finding = stamps_->finding();
  candidate_.end = end;
  if ((candidate_.finding == StampFinding::none && !candidate_.cut) ||
      (believed(stamp_.finding) && !believed(candidate_.finding))) {
    return;
  }
  candidate_.stamp = stamps_->stamp();
  stamp_ = candidate_;
}

void BodyText::finish() {
  if (source_ == Source::plain && !at_line_start()) take(kLineEnd);
  if (cr_) {
    flush();
    cr_ = false;
    emit("\r");
  }
  candidate_.cut = reading_;
  if (reading_) end_stamp(canonical_.size());
}

void BodyText::separate(std::string_view separator) {
  finish();
  blanks_.clear();
  line_ends_ = 0;
  canonical_.update(separator);
  begun_ = false;
}

BodyDigest BodyText::digest() const {
  const std::uint64_t size = canonical_.size();
  return {.exact = exact(),
          .size = size,
          .canonical = canonical_.digest(),
          .mark = canonical_.mark(size).value_or(0)};
}

}  // namespace millrace::proof
