#include "base/output.h"

#include <algorithm>

namespace millrace {

void Output::append_borrowed(std::string_view body) {
  if (body.empty()) return;
  borrowed_.push_back({text_.size(), body});
  borrowed_size_ += body.size();
}

std::size_t Output::gather(std::string_view* pieces, std::size_t capacity) const {
  std::size_t filled = 0;
  std::size_t skip = consumed_;
  const auto take = [&](std::string_view piece) {
    const std::size_t skipped = std::min(skip, piece.size());
    skip -= skipped;
    piece.remove_prefix(skipped);
    if (!piece.empty() && filled < capacity) pieces[filled++] = piece;
  };
  std::size_t text_done = 0;
  for (const Borrowed& borrowed : borrowed_) {
    take(std::string_view(text_).substr(text_done, borrowed.text_before - text_done));
    take(borrowed.body);
    text_done = borrowed.text_before;
  }
  take(std::string_view(text_).substr(text_done));
  return filled;
}

std::string Output::flattened() const {
  std::vector<std::string_view> pieces(2 * borrowed_.size() + 1);
  pieces.resize(gather(pieces.data(), pieces.size()));
  std::string all;
  for (const std::string_view piece : pieces) all.append(piece);
  return all;
}

void Output::consume(std::size_t bytes) {
  consumed_ += std::min(bytes, size());
  if (empty()) clear();
}

void Output::clear() {
  text_.clear();
  borrowed_.clear();
  borrowed_size_ = 0;
  consumed_ = 0;
}

}  // namespace millrace
