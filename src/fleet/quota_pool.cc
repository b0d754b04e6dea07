#include "fleet/quota_pool.h"

#include <algorithm>
#include <utility>

namespace millrace::fleet {

// Half of what is left goes to all, were they to ask at once: what one has too much of is seldom to
// be asked back.
std::uint64_t QuotaPool::part() const {
  if (ranks_ == 1) return left_;
  return std::max<std::uint64_t>(left_ / (2 * std::uint64_t{ranks_}), 1);
}

void QuotaPool::give(unsigned rank, std::uint64_t more) {
  left_ -= more;
  had_[rank] += more;
  answers_.push_back({.rank = rank, .more = more});
}

void QuotaPool::ask(unsigned rank, std::uint64_t waiting) {
  const bool others_wait = is_busy();
  if (waiting > 0 && (left_ == 0 || others_wait)) {
    asks_.push_back({.rank = rank, .waiting = waiting});
    return begin_recall();
  }
  give(rank, others_wait ? 0 : std::min(left_, std::max(waiting, part())));
}

void QuotaPool::returned(unsigned rank, std::uint64_t unused) {
  unused = std::min(unused, had_[rank]);
  had_[rank] -= unused;
  left_ += unused;
  if (recalled_.erase(rank) > 0 && recalled_.empty()) end_recall();
}

// One recall serves all who asked before it; who asks meanwhile waits for the next one. They are
// asked as well: of what they may have been given back meanwhile.
void QuotaPool::begin_recall() {
  if (!served_.empty() || asks_.empty()) return;
  served_ = std::exchange(asks_, {});
  for (unsigned rank = 0; rank < ranks_; ++rank) {
    if (had_[rank] == 0) continue;
    recalled_.insert(rank);
    recalls_.push_back(rank);
  }
  if (recalled_.empty()) end_recall();
}

void QuotaPool::end_recall() {
  for (const Ask& one : std::exchange(served_, {})) give(one.rank, std::min(left_, one.waiting));
  begin_recall();
}

std::vector<QuotaPool::Answer> QuotaPool::answers() { return std::exchange(answers_, {}); }

std::vector<unsigned> QuotaPool::recalls() { return std::exchange(recalls_, {}); }

}  // namespace millrace::fleet
