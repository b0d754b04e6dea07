#include "base/output.h"

#include <algorithm>

namespace millrace {
namespace {

// Consumed storage of less than this is not worth moving the rest.
constexpr std::size_t kTextWorthDropping = 4 * 1024;
constexpr std::size_t kBodiesWorthDropping = 64;

}  // namespace

void Output::append_borrowed(std::string_view body) {
  if (body.empty()) return;
  bodies_.push_back({text_dropped_ + text_.size(), body});
  borrowed_size_ += body.size();
}

std::size_t Output::gather(std::string_view* pieces, std::size_t capacity) const {
  const std::string_view text = text_;
  std::size_t filled = 0;
  std::size_t done = text_begin_;
  const auto take = [&](std::string_view piece) {
    if (!piece.empty() && filled < capacity) pieces[filled++] = piece;
  };
  for (std::size_t i = bodies_begin_; i < bodies_.size() && filled < capacity; ++i) {
    const std::size_t before = bodies_[i].text_before - text_dropped_;
    take(text.substr(done, before - done));
    take(bodies_[i].body);
    done = before;
  }
  take(text.substr(done));
  return filled;
}

void Output::remove_suffix(std::size_t bytes) {
  while (bytes > 0) {
    const std::size_t end =
        bodies_begin_ < bodies_.size() ? bodies_.back().text_before - text_dropped_ : text_begin_;
    const std::size_t text = std::min(bytes, text_.size() - end);
    text_.resize(text_.size() - text);
    bytes -= text;
    if (bytes == 0) return;
    std::string_view& body = bodies_.back().body;
    const std::size_t borrowed = std::min(bytes, body.size());
    body.remove_suffix(borrowed);
    borrowed_size_ -= borrowed;
    bytes -= borrowed;
    if (body.empty()) bodies_.pop_back();
  }
}

std::string Output::flattened() const {
  std::vector<std::string_view> pieces(2 * (bodies_.size() - bodies_begin_) + 1);
  pieces.resize(gather(pieces.data(), pieces.size()));
  std::string all;
  for (const std::string_view piece : pieces) all.append(piece);
  return all;
}

void Output::consume(std::size_t bytes) {
  if (bytes >= size()) return clear();
  while (bodies_begin_ < bodies_.size()) {
    Borrowed& next = bodies_[bodies_begin_];
    const std::size_t before = next.text_before - text_dropped_ - text_begin_;
    const std::size_t text = std::min(bytes, before);
    text_begin_ += text;
    bytes -= text;
    if (text < before) break;
    const std::size_t body = std::min(bytes, next.body.size());
    next.body.remove_prefix(body);
    borrowed_size_ -= body;
    bytes -= body;
    if (!next.body.empty()) break;
    ++bodies_begin_;
  }
  text_begin_ += bytes;
  compact();
}

// Drops the consumed front once it is the larger part: each byte moved pays for one dropped.
void Output::compact() {
  if (bodies_begin_ >= std::max(kBodiesWorthDropping, bodies_.size() - bodies_begin_)) {
    bodies_.erase(bodies_.begin(), bodies_.begin() + static_cast<std::ptrdiff_t>(bodies_begin_));
    bodies_begin_ = 0;
  }
  if (text_begin_ < std::max(kTextWorthDropping, text_.size() - text_begin_)) return;
  text_.erase(0, text_begin_);
  text_dropped_ += text_begin_;
  text_begin_ = 0;
}

void Output::clear() {
  text_.clear();
  bodies_.clear();
  text_begin_ = text_dropped_ = bodies_begin_ = borrowed_size_ = 0;
}

}  // namespace millrace
