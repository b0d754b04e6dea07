#include "metrics/measurement.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"

namespace millrace::metrics {
namespace {

// A thread busier than this has nothing left to give; arrivals later than a millisecond are more
// than a few when they are more than this share of all, and more than so many: one or two are what
// any machine does now and then.
constexpr double kBusy = 0.9;
constexpr double kManyLate = 0.01;
constexpr double kFewLate = 3;

// A thread that waits less than this share for a core is not held up by others.
constexpr double kNoticed = 0.05;

}  // namespace

void Generator::add(const Generator& other) {
  loop_lag.add(other.loop_lag);
  start_lag.add(other.start_lag);
  late_starts += other.late_starts;
  held_up.add(other.held_up);
  busy.insert(busy.end(), other.busy.begin(), other.busy.end());
  run_delay.insert(run_delay.end(), other.run_delay.begin(), other.run_delay.end());
}

void Answers::add(const Answers& other) {
  for (const auto& row : kAnswerNames) this->*row.counter += other.*row.counter;
}

void LogTotals::add(const LogTotals& other) {
  for (const auto& row : kLogNames) this->*row.counter += other.*row.counter;
}

void AgreedStart::add(const AgreedStart& other) {
  synchronised = synchronised && other.synchronised;
  estimated_error = std::max(estimated_error, other.estimated_error);
  most_error = std::max(most_error, other.most_error);
  late = std::max(late, other.late);
}

void JournalTotals::add(const JournalTotals& other) {
  if (run != other.run) run.clear();
  if (path != other.path) path.clear();
  records += other.records;
  lost += other.lost;
}

std::uint64_t Measurement::client_connections() const {
  std::uint64_t all = 0;
  for (const ClientMetrics& one : clients) all += one.counts.connections;
  return all;
}

double Measurement::rate() const {
  const double seconds = in_seconds(measured);
  return seconds > 0 ? static_cast<double>(total.counters.delivered) / seconds : 0;
}

double Measurement::failed_share() const {
  const auto failed = static_cast<double>(total.counters.failed());
  return failed / std::max(failed + static_cast<double>(total.counters.delivered), 1.0);
}

bool Measurement::carried() const { return total.counters.delivered > 0 && failed_share() <= 0.5; }

bool Measurement::turned_away() const {
  const Counters& counters = total.counters;
  const std::uint64_t away = counters.refused + counters.lost + counters.given_up;
  return away > counters.delivered + counters.failed() - away;
}

std::vector<std::string> Measurement::limits() const {
  if (!known_limits.empty()) return known_limits;
  std::vector<std::string> reasons;
  double most = 0;
  double most_delay = 0;
  for (std::size_t thread = 0; thread < generator.busy.size(); ++thread) {
    const double run_delay = thread < generator.run_delay.size() ? generator.run_delay[thread] : 0;
    if (generator.busy[thread] + run_delay <= most) continue;
    most = generator.busy[thread] + run_delay;
    most_delay = run_delay;
  }
  if (most > kBusy) {
    reasons.push_back(fmt::format(
        "a thread of it was busy {:.0f}% of the time{}", (most - most_delay) * 100,
        most_delay < kNoticed ? std::string()
                              : fmt::format(" and waited {:.0f}% for a core", most_delay * 100)));
  }
  const auto starts = static_cast<double>(generator.start_lag.count());
  const auto late = static_cast<double>(generator.late_starts);
  if (late > std::max(starts * kManyLate, kFewLate)) {
    reasons.push_back(
        fmt::format("it began {:.1f}% of the arrivals more than 1 ms late", late / starts * 100));
  }
  return reasons;
}

}  // namespace millrace::metrics
