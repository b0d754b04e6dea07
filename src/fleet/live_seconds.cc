#include "fleet/live_seconds.h"

#include <algorithm>

namespace millrace::fleet {
namespace {

using metrics::Second;

// What adds up, of another rank or another second.
void count(Second& sum, const Second& second) {
  sum.counters.add(second.counters);
  sum.intended.add(second.intended);
  for (std::size_t kind = 0; kind < metrics::kErrors; ++kind) {
    sum.errors[kind] += second.errors[kind];
  }
  if (!second.latest_error.empty()) sum.latest_error = second.latest_error;
}

// What is there at the end of a second adds up over ranks alone.
void count_there(Second& sum, const Second& second) {
  sum.sessions_open += second.sessions_open;
  sum.in_flight += second.in_flight;
  sum.waiting += second.waiting;
}

}  // namespace

void LiveSeconds::add(const Second& second) {
  const std::uint64_t number = std::max(second.number, next_);
  Second& sum = pending_[number];
  sum.number = number;
  count(sum, second);
  if (second.number == number) count_there(sum, second);
  if (pending_.size() <= kMost) return;
  const auto first = pending_.begin();
  count(std::next(first)->second, first->second);
  pending_.erase(first);
}

std::optional<Second> LiveSeconds::take(std::uint64_t before) {
  next_ = std::max(next_, before);
  std::optional<Second> latest;
  while (!pending_.empty() && pending_.begin()->first < before) {
    const auto first = pending_.begin();
    if (latest) count(first->second, *latest);
    latest = std::move(first->second);
    pending_.erase(first);
  }
  return latest;
}

}  // namespace millrace::fleet
