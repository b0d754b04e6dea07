#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "source/message_in_flight.h"
#include "source/retry_policy.h"

namespace millrace::source {

// What one worker's messages wait in for their next attempts, the earliest first. A message that
// waits for all of its recipients takes some 80 bytes and no memory of its own.
//
// The bound is on what waits when a new message would begin: full() says when none may. Those
// that are under way then come back all the same, so that the queue may outgrow its bound by as
// many as the sessions have under way.
class RetryQueue {
 public:
  // `limit`: messages, at least one. Nothing comes out that is due at `end` or later. The policy
  // must outlive the queue.
  RetryQueue(const RetryPolicy& policy, std::size_t limit, TimePoint end)
      : policy_(policy), limit_(limit), end_(end) {}

  // The attempt before the one that `arrival` is for has failed at `now`. Returns false when the
  // message is given up instead.
  bool put_back(Arrival arrival, TimePoint now);

  // When the next one is due; nothing when none comes out any more.
  [[nodiscard]] std::optional<TimePoint> due() const;
  [[nodiscard]] bool ready(TimePoint now) const;
  // The next one; it must be ready.
  Arrival take();

  // Whether no new message may begin.
  [[nodiscard]] bool full() const { return heap_.size() >= limit_; }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

  // Nothing comes out any more; what comes back still stays.
  void close() { end_ = TimePoint::min(); }

  // All that wait, in no order; to be called when the run is over.
  [[nodiscard]] std::vector<Arrival> left();

 private:
  struct Waiting {
    TimePoint due;
    Arrival arrival;
    // The earliest is on top of the heap; of equals the one with the lower number.
    bool operator<(const Waiting& other) const;
  };

  const RetryPolicy& policy_;
  const std::size_t limit_;
  TimePoint end_;
  std::vector<Waiting> heap_;
};

}  // namespace millrace::source
