#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace millrace::fleet {

// Microseconds since 1970, by whichever clock.
using Microseconds = std::chrono::microseconds;

// How far another host's clock is ahead of this one's, and by how much that may be wrong: where a
// question was answered at once, the other clock was read between its two ends here.
struct ClockOffset {
  Microseconds ahead{};
  Microseconds error{};

  bool operator==(const ClockOffset&) const = default;
};

// Measures it by round trips. The shortest one says most.
class OffsetMeter {
 public:
  static constexpr unsigned kTrips = 20;

  // Of one round trip: when it began and ended by the clock here, and the other one between.
  void take(Microseconds began, Microseconds there, Microseconds ended);

  // Once there have been enough.
  [[nodiscard]] bool done() const { return trips_ >= kTrips && best_; }
  [[nodiscard]] const std::optional<ClockOffset>& offset() const { return best_; }

 private:
  unsigned trips_ = 0;
  std::optional<ClockOffset> best_;
};

}  // namespace millrace::fleet
