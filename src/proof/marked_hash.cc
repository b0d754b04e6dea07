#include "proof/marked_hash.h"

namespace millrace::proof {

void MarkedHash::begin(std::optional<std::uint64_t> watched) {
  hasher_.reset();
  size_ = 0;
  next_mark_ = kFirstMark;
  marks_ = 0;
  watch_ = watched;
  watched_.reset();
  set_next_stop();
}

void MarkedHash::set_next_stop() {
  next_stop_ = watch_ && !watched_ ? std::min(*watch_, next_mark_) : next_mark_;
}

// Not before more comes: at the end of a text nobody asks for another hash of all.
void MarkedHash::stop() {
  const Hash128 hash = digest();
  if (watch_ == size_) watched_ = hash;
  if (next_mark_ == size_ && marks_ < kMarks) {
    mark_.at(marks_++) = hash.low;
    next_mark_ *= 4;
  }
  set_next_stop();
}

void MarkedHash::update(std::string_view text) {
  while (!text.empty()) {
    if (size_ == next_stop_) stop();
    const std::string_view part = text.substr(0, next_stop_ - size_);
    hasher_.update(part);
    size_ += part.size();
    text.remove_prefix(part.size());
  }
}

std::optional<std::uint64_t> MarkedHash::mark(std::uint64_t size) const {
  const std::uint64_t length = mark_length(size);
  if (length == 0) return 0;
  if (length > size_) return {};
  if (length == size_) return digest().low;
  std::size_t number = 0;
  for (std::uint64_t at = kFirstMark; at < length; at *= 4) ++number;
  return mark_.at(number);
}

std::optional<Hash128> MarkedHash::watched() const { return watch_ == size_ ? digest() : watched_; }

}  // namespace millrace::proof
