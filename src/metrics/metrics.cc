#include "metrics/metrics.h"

namespace millrace::metrics {

void Counters::add(const Counters& other) {
  for (const CounterName& row : kCounterNames) this->*row.counter += other.*row.counter;
}

void add_times(const ErrorCounts& errors, ErrorTimes& times) {
  for (std::size_t kind = 0; kind < kErrors; ++kind) times[kind] += errors[kind].times;
}

void Metrics::count_error(Error kind, std::string_view text) {
  ErrorCount& error = errors[index(kind)];
  if (error.times++ == 0) error.sample = text;
}

void Metrics::add(const Metrics& other) {
  counters.add(other.counters);
  intended.add(other.intended);
  service.add(other.service);
  failed.add(other.failed);
  for (std::size_t phase = 0; phase < kPhases; ++phase) phases[phase].add(other.phases[phase]);
  replies.add(other.replies);
  for (std::size_t kind = 0; kind < kErrors; ++kind) {
    if (errors[kind].sample.empty()) errors[kind].sample = other.errors[kind].sample;
    errors[kind].times += other.errors[kind].times;
  }
  for (std::size_t i = 0; i < attempts.size(); ++i) attempts[i] += other.attempts[i];
}

}  // namespace millrace::metrics
