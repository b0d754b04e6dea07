#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metrics/metrics.h"

namespace millrace::metrics {

// What one thread measured in one second.
struct ThreadInterval {
  Counters counters;
  Histogram intended;
  ErrorTimes errors{};
  std::string latest_error;
  std::uint64_t sessions_open = 0;  // at the end of the second, as the two below
  std::uint64_t in_flight = 0;
  std::uint64_t waiting = 0;  // messages, for their next attempt

  // Takes out what is of this second alone and nobody sets for the next.
  void clear();
};

// What a thread has counted since it was asked before.
class IntervalMeter {
 public:
  // Sets the counters and errors of `interval` from what the thread has counted in all.
  void complete(ThreadInterval& interval, const Counters& counters, const ErrorTimes& errors);

 private:
  Counters counters_;
  ErrorTimes errors_{};
};

// A second of the run, over all threads: a row of the series.
struct Second {
  std::uint64_t number = 0;  // from the start of the run, 0 the first
  Counters counters;
  Histogram intended;
  ErrorTimes errors{};
  std::string latest_error;  // the text of one of the last ones
  std::uint64_t sessions_open = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t waiting = 0;

  // Whether nothing was counted and nobody was there.
  [[nodiscard]] bool idle() const;
};

// A row as it is kept: its histogram encoded, which takes a hundredth of the memory.
struct Row {
  std::uint64_t number = 0;
  Counters counters;
  ErrorTimes errors{};
  std::uint64_t sessions_open = 0;
  std::uint64_t in_flight = 0;
  double length = 1;  // in seconds; the last one may be cut short
  double asked = 0;   // arrivals that the schedule put into this second; closed loop: 0
  std::string stage;  // its name
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p99_9 = 0;
  std::uint64_t most = 0;
  double mean = 0;             // as the five above in microseconds
  std::uint64_t measured = 0;  // messages that all these are of
  std::string encoded;         // codec.h

  // Sets what is told of the histogram and its encoded form; in the second form that is known.
  void hold(const Histogram& intended);
  void hold(const Histogram& intended, std::string encoded_form);
};

// Takes out the rows behind the end of the run, whose length is not positive (goodbyes may last).
// What they count is added to the last row that stays; none does when the run took no time.
void fold_tail(std::vector<Row>& rows);

// Puts the intervals of all threads together, second by second. Threads come here once a second.
class Timeline {
 public:
  // Whether seconds in which nothing happens make a row.
  enum class Idle : std::uint8_t { kept, left_out };

  Timeline(std::size_t threads, Idle idle) : threads_(threads), idle_(idle) {}

  // What a thread measured in a second; each thread gives every second once, in order.
  void add(std::uint64_t number, const ThreadInterval& interval);
  // A thread has given `seconds` seconds and gives no more.
  void leave(std::uint64_t seconds);

  // The latest second that all threads have given, unless `seen` (a count of seconds) covers it.
  [[nodiscard]] std::optional<Second> latest(std::uint64_t seen) const;

  // What was counted in all seconds that all threads have given.
  [[nodiscard]] Counters so_far() const;

  // All rows; to be called when no thread gives any more.
  [[nodiscard]] std::vector<Row> rows();

 private:
  struct Pending {
    Second second;
    std::size_t threads = 0;  // that gave it
  };

  void settle();
  void settle_first();
  [[nodiscard]] std::size_t threads_due(std::uint64_t number) const;

  mutable std::mutex mutex_;
  const std::size_t threads_;
  std::vector<std::uint64_t> left_;  // for each thread that gives no more: how many it has given
  const Idle idle_;
  std::map<std::uint64_t, Pending> pending_;
  std::optional<Second> latest_;
  Counters so_far_;
  std::vector<Row> rows_;
};

}  // namespace millrace::metrics
