#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace millrace::source {

// A message that is due to be sent: its number in the run, and when it was meant to be.
struct Arrival {
  std::uint64_t message = 0;
  TimePoint intended;    // closed loop: when its session was ready for it
  unsigned attempt = 1;  // to send this message
};

// A message on its way.
struct MessageInFlight {
  std::uint64_t message = 0;
  TimePoint intended;
  TimePoint begun;                  // its session turned to it, maybe to connect first
  TimePoint sent;                   // MAIL was
  std::size_t stage = 0;            // of the schedule, by the intended start
  std::optional<Duration> content;  // how long it took, by the last reply so far
};

}  // namespace millrace::source
