#include "mail/content.h"

#include <algorithm>

#include "base/utf8.h"
#include "mail/body.h"
#include "smtp/end_of_data.h"

namespace millrace::mail {
namespace {

// What is shorter is copied: to borrow it costs as much.
constexpr std::size_t kWorthBorrowing = 256;

// Text with its dots doubled where a line begins with one. What is `shared` can be borrowed.
void append_doubled(std::string_view text, bool shared, Output& out) {
  while (!text.empty()) {
    if (text.front() == '.') out.append(".");
    const std::string_view lines = take_until_dot(text);
    if (shared && lines.size() >= kWorthBorrowing) {
      out.append_borrowed(lines);
    } else {
      out.append(lines);
    }
  }
}

}  // namespace

void Content::clear() {
  own_.clear();
  shared_.clear();
  shared_size_ = 0;
  shared_octets_ = Octets::seven_bit;
}

Content::Traits Content::Traits::of(std::string_view text) {
  const bool dots = text.starts_with('.') || text.find("\r\n.") != std::string_view::npos;
  return {.dots = dots ? Dots::some : Dots::none,
          .octets = is_ascii(text) ? Octets::seven_bit : Octets::eight_bit};
}

void Content::share(std::string_view text, Traits traits) {
  if (text.empty()) return;
  shared_.push_back({.own_before = own_.size(), .text = text, .dots = traits.dots});
  shared_size_ += text.size();
  if (traits.octets == Octets::eight_bit) shared_octets_ = Octets::eight_bit;
}

void Content::prepend(std::string_view lines) {
  own_.insert(0, lines);
  for (Shared& shared : shared_) shared.own_before += lines.size();
}

std::uint64_t Content::size() const { return own_.size() + shared_size_; }

Content::Octets Content::octets() const {
  return is_ascii(own_) ? shared_octets_ : Octets::eight_bit;
}

void Content::append_data(Output& out) const {
  std::string_view last;
  for_each_piece([&](const Piece& piece) {
    last = piece.text;
    if (piece.dots == Dots::some) return append_doubled(piece.text, piece.shared, out);
    if (piece.shared) return out.append_borrowed(piece.text);
    out.append(piece.text);
  });
  // The mark is one at the start of a line only.
  if (!last.empty() && !last.ends_with("\r\n")) out.append("\r\n");
  out.append(smtp::kEndMark);
}

void Content::append_range(std::uint64_t offset, std::uint64_t length, Output& out) const {
  for_each_piece([&](const Piece& piece) {
    const std::size_t begin = std::min<std::uint64_t>(offset, piece.text.size());
    const std::string_view part = piece.text.substr(begin, length);
    offset -= begin;
    length -= part.size();
    if (piece.shared) return out.append_borrowed(part);
    out.append(part);
  });
}

std::string Content::flattened() const {
  Output all;
  append_range(0, size(), all);
  return all.flattened();
}

}  // namespace millrace::mail
