#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace millrace::source {

// What the attempts so far have left of a message; as it is made, where there was none.
struct Remains {
  bool in_doubt = false;           // one ended so (RFC 1047): the server may have the message
  std::optional<TimePoint> taken;  // when the server last took it, for some of its recipients
  // The numbers of the recipients that it is still to be sent for, which rise; empty: all.
  std::vector<std::uint32_t> recipients;
};

// A message that is due to be sent: its number in the run, and when it was meant to be.
struct Arrival {
  std::uint64_t message = 0;
  // For the first time, whichever attempt this is. Closed loop: when its session was ready for it.
  TimePoint intended;
  unsigned attempt = 1;  // to be made
  Remains remains = {};
};

// A message on its way.
struct MessageInFlight {
  std::uint64_t message = 0;
  TimePoint intended;
  TimePoint begun;                  // its session turned to it, maybe to connect first
  TimePoint sent;                   // MAIL was
  std::size_t stage = 0;            // of the schedule, by the intended start
  std::optional<Duration> content;  // how long it took, by the last reply so far
  unsigned attempt = 1;
  Remains remains = {};
};

}  // namespace millrace::source
