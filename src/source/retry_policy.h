#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"

namespace millrace::source {

// When a message that a server did not take comes back, as the queue of a sender has it
// (RFC 5321, 4.5.4.1).
//
//   first due   1st attempt    first    2nd    first * factor    3rd  ...
//       |---------|=======|.............|====|......................|==|
//       |<--------------------- give_up ------------------------------------->|
//
// A wait begins when an attempt is over. What would be due behind `give_up` is given up at once.
struct RetryPolicy {
  static constexpr Duration kYear = std::chrono::hours(24 * 365);  // as long as any time may be
  static constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();

  Duration first{};          // after the first attempt
  double factor = 1;         // from 1 on: each further wait is so many times the one before
  Duration most = kYear;     // but never longer than this
  Duration give_up = kYear;  // from when the first attempt was due
  std::uint32_t retries = kUnlimited;  // attempts behind the first, at most

  // How long to wait after so many attempts, at least one.
  [[nodiscard]] Duration wait_after(std::uint32_t attempts) const;

  // When the next attempt is due: of a message that was due first at `intended`, and of which so
  // many attempts have failed, the last at `now`. Nothing when it is given up.
  [[nodiscard]] std::optional<TimePoint> next(TimePoint intended, std::uint32_t attempts,
                                              TimePoint now) const;
};

}  // namespace millrace::source
