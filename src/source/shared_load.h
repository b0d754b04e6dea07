#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/cache_line.h"
#include "base/time.h"
#include "source/arrivals.h"
#include "source/load.h"
#include "source/part.h"
#include "source/schedule.h"

namespace millrace::source {

// The load of a run as all threads of a process share it: the schedule, from the moment when the
// run begins, and which messages of its part are still to be taken. One atomic step a message is
// all that threads do to each other.
class SharedLoad {
 public:
  // Of `messages` at most, by so many sessions, of which this process has `part`.
  SharedLoad(const Load& load, std::uint64_t messages, unsigned sessions, Part part = {});

  [[nodiscard]] const Schedule& schedule() const { return schedule_; }
  // Whether the number of sessions changes on the way.
  [[nodiscard]] bool ramped() const { return ramped_; }
  // All arrivals of open loop, of whatever part, from the first on.
  [[nodiscard]] Arrivals arrivals() const { return {schedule_, pattern_, seed_}; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  // The number of the first of them.
  [[nodiscard]] std::uint64_t first_number() const { return first_number_; }

  // The moment from which the schedule counts; set before the workers go.
  void begin(TimePoint start);
  [[nodiscard]] TimePoint start() const { return start_; }
  // When the schedule is over; TimePoint::max() when that is not by the clock.
  [[nodiscard]] TimePoint end() const { return end_; }
  [[nodiscard]] bool past_end(TimePoint now) const { return now >= end_; }

  // Each session begins with the message of its own number, counted from the first, so that as many
  // sessions start as were asked for; none for a session beyond the last message. On a ramp
  // nobody knows which session will begin, and they take the next one.
  [[nodiscard]] std::optional<std::uint64_t> first_message(std::uint64_t session);

  // The number of the next message to send; nothing when all of the part have been taken.
  std::optional<std::uint64_t> take_message();
  [[nodiscard]] bool all_taken() const { return next_message_.load() >= messages_; }

 private:
  const Schedule schedule_;
  const ArrivalPattern pattern_;
  const std::uint64_t seed_;
  const std::uint64_t messages_;
  const std::uint64_t first_number_;
  const bool ramped_;
  const unsigned parts_;
  TimePoint start_;
  TimePoint end_ = TimePoint::max();
  // What all workers write, apart from what they read.
  alignas(kCacheLine) std::atomic<std::uint64_t> next_message_;
};

}  // namespace millrace::source
