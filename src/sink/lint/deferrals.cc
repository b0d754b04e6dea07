#include "sink/lint/deferrals.h"

#include <functional>
#include <string>
#include <utility>

namespace millrace::sink {

std::uint64_t Deferrals::key(const Attempt& attempt) {
  std::string all;
  for (const std::string_view one :
       {attempt.listener, attempt.client, attempt.sender, attempt.recipient}) {
    all.append(one).append("\n");
  }
  return std::hash<std::string_view>{}(all);
}

void Deferrals::note(std::span<const std::uint64_t> keys, TimePoint now) {
  Times gone;  // freed behind the lock
  const std::lock_guard lock(mutex_);
  if (now - begun_ > kSoonest) {
    gone = std::exchange(older_, std::exchange(newer_, {}));
    begun_ = now;
  }
  for (const std::uint64_t key : keys) {
    if (newer_.size() < kMost) newer_.insert_or_assign(key, now);
  }
  if (latest_.load() < now) latest_ = now;  // the clocks of threads are a turn apart
}

bool Deferrals::lately(std::uint64_t key, TimePoint now) {
  if (latest_.load() < now - kSoonest) return false;
  const std::lock_guard lock(mutex_);
  for (const Times* const times : {&newer_, &older_}) {
    const auto found = times->find(key);
    if (found != times->end()) return now - found->second <= kSoonest;
  }
  return false;
}

}  // namespace millrace::sink
