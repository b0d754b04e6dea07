#include "source/retry_queue.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace millrace::source {

bool RetryQueue::Waiting::operator<(const Waiting& other) const {
  return std::tie(due, arrival.message) > std::tie(other.due, other.arrival.message);
}

bool RetryQueue::put_back(Arrival arrival, TimePoint now) {
  const auto due = policy_.next(arrival.intended, arrival.attempt - 1, now);
  if (!due) return false;
  heap_.push_back({.due = *due, .arrival = std::move(arrival)});
  std::push_heap(heap_.begin(), heap_.end());
  return true;
}

std::optional<TimePoint> RetryQueue::due() const {
  if (heap_.empty() || heap_.front().due >= end_) return std::nullopt;
  return heap_.front().due;
}

bool RetryQueue::ready(TimePoint now) const {
  const auto when = due();
  return when && *when <= now;
}

Arrival RetryQueue::take() {
  std::pop_heap(heap_.begin(), heap_.end());
  Arrival arrival = std::move(heap_.back().arrival);
  heap_.pop_back();
  return arrival;
}

std::vector<Arrival> RetryQueue::left() {
  std::vector<Arrival> arrivals;
  arrivals.reserve(heap_.size());
  for (Waiting& waiting : heap_) arrivals.push_back(std::move(waiting.arrival));
  heap_.clear();
  return arrivals;
}

}  // namespace millrace::source
