#include "metrics/timeline.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "metrics/codec.h"

namespace millrace::metrics {

void ThreadInterval::clear() {
  intended.clear();
  latest_error.clear();
}

void IntervalMeter::complete(ThreadInterval& interval, const Counters& counters,
                             const ErrorTimes& errors) {
  for (const CounterName& row : kCounterNames) {
    interval.counters.*row.counter = counters.*row.counter - counters_.*row.counter;
  }
  for (std::size_t kind = 0; kind < kErrors; ++kind) {
    interval.errors[kind] = errors[kind] - errors_[kind];
  }
  counters_ = counters;
  errors_ = errors;
}

void Row::hold(const Histogram& intended) { hold(intended, encode(intended)); }

void Row::hold(const Histogram& intended, std::string encoded_form) {
  p50 = intended.percentile(0.5);
  p90 = intended.percentile(0.9);
  p99 = intended.percentile(0.99);
  p99_9 = intended.percentile(0.999);
  most = intended.most();
  mean = intended.mean();
  measured = intended.count();
  encoded = std::move(encoded_form);
}

void fold_tail(std::vector<Row>& rows) {
  const auto behind = [](const Row& row) { return row.length <= 0; };
  const auto tail = std::find_if(rows.begin(), rows.end(), behind);
  for (auto row = tail; row != rows.end() && tail != rows.begin(); ++row) {
    Row& last = *std::prev(tail);
    last.counters.add(row->counters);
    for (std::size_t kind = 0; kind < kErrors; ++kind) last.errors[kind] += row->errors[kind];
  }
  rows.erase(tail, rows.end());
}

bool Second::idle() const {
  return sessions_open == 0 &&
         std::all_of(kCounterNames.begin(), kCounterNames.end(),
                     [this](const CounterName& row) { return counters.*row.counter == 0; });
}

void Timeline::add(std::uint64_t number, const ThreadInterval& interval) {
  const std::lock_guard lock(mutex_);
  Pending& pending = pending_[number];
  Second& second = pending.second;
  second.number = number;
  second.counters.add(interval.counters);
  second.intended.add(interval.intended);
  for (std::size_t kind = 0; kind < kErrors; ++kind) second.errors[kind] += interval.errors[kind];
  if (!interval.latest_error.empty()) second.latest_error = interval.latest_error;
  second.sessions_open += interval.sessions_open;
  second.in_flight += interval.in_flight;
  second.waiting += interval.waiting;
  ++pending.threads;
  settle();
}

void Timeline::leave(std::uint64_t seconds) {
  const std::lock_guard lock(mutex_);
  left_.push_back(seconds);
  settle();
}

// How many threads give this second.
std::size_t Timeline::threads_due(std::uint64_t number) const {
  const auto before = std::count_if(left_.begin(), left_.end(),
                                    [number](std::uint64_t given) { return given <= number; });
  return threads_ - static_cast<std::size_t>(before);
}

// Moves what is complete to the rows. Each thread gives its seconds in order, so the first
// pending one is complete before those behind it.
void Timeline::settle() {
  while (!pending_.empty() &&
         pending_.begin()->second.threads == threads_due(pending_.begin()->first)) {
    settle_first();
  }
}

void Timeline::settle_first() {
  Second second = std::move(pending_.begin()->second.second);
  pending_.erase(pending_.begin());
  so_far_.add(second.counters);
  if (idle_ == Idle::left_out && second.idle()) return;
  Row row{.number = second.number,
          .counters = second.counters,
          .errors = second.errors,
          .sessions_open = second.sessions_open,
          .in_flight = second.in_flight};
  row.hold(second.intended);
  rows_.push_back(std::move(row));
  latest_ = std::move(second);
}

std::optional<Second> Timeline::latest(std::uint64_t seen) const {
  const std::lock_guard lock(mutex_);
  if (!latest_ || latest_->number < seen) return std::nullopt;
  return latest_;
}

Counters Timeline::so_far() const {
  const std::lock_guard lock(mutex_);
  return so_far_;
}

std::vector<Row> Timeline::rows() {
  const std::lock_guard lock(mutex_);
  while (!pending_.empty()) settle_first();  // what a thread that failed did not complete
  return std::exchange(rows_, {});
}

}  // namespace millrace::metrics
