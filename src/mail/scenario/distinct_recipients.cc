#include "mail/scenario/distinct_recipients.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace millrace::mail {
namespace {

// How many are drawn in vain for a message before some are left the same: all of a pool are found
// by then, unless it is of thousands or its weights leave some hardly a chance.
constexpr std::size_t kRedraws = 1'000;
constexpr std::size_t kRedrawsEach = 16;
// In a row, the second for each that was found: of a pool with as much of a chance for each, one
// that is left is missed once in millions.
constexpr std::size_t kInVain = 100;
constexpr std::size_t kInVainEach = 16;

// What a message with many recipients made of the memory is not kept for the next one.
constexpr std::size_t kQuietRecipients = 1'000;

}  // namespace

void DistinctRecipients::begin(const Recipients& pool, std::uint64_t seed, std::size_t count) {
  if (slots_.size() > 4 * std::max(count, kQuietRecipients)) {
    std::exchange(text_, {});
    std::exchange(ends_, {});
    std::exchange(slots_, {});
  }
  pool_ = &pool;
  seed_ = seed;
  pool_size_ = pool.size();
  different_ = 0;
  redraws_left_ = kRedraws + kRedrawsEach * count;
  text_.clear();
  ends_.clear();
  slots_.assign(std::bit_ceil(2 * count), 0);
}

std::string_view DistinctRecipients::operator[](std::size_t recipient) {
  while (ends_.size() <= recipient) draw_next();
  return drawn(recipient);
}

std::string_view DistinctRecipients::drawn(std::size_t recipient) const {
  const std::size_t begin = recipient == 0 ? 0 : ends_[recipient - 1];
  return std::string_view(text_).substr(begin, ends_[recipient] - begin);
}

void DistinctRecipients::draw_next() {
  const std::size_t begin = text_.size();
  Roll roll(seed_ + ends_.size() * Roll::kStride);
  pool_->append_draw(roll, text_);
  std::size_t in_vain = 0;
  while (!insert(std::string_view(text_).substr(begin))) {
    if (different_ >= pool_size_ || redraws_left_ == 0) break;
    --redraws_left_;
    if (++in_vain == kInVain + kInVainEach * different_) redraws_left_ = 0;
    text_.resize(begin);
    pool_->append_draw(roll, text_);
  }
  ends_.push_back(static_cast<std::uint32_t>(text_.size()));
}

// The next one: whether it is none of those before it.
bool DistinctRecipients::insert(std::string_view address) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(address) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (drawn(slots_[slot] - 1) == address) return false;
  }
  slots_[slot] = static_cast<std::uint32_t>(ends_.size() + 1);
  ++different_;
  return true;
}

}  // namespace millrace::mail
