#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "source/arrivals.h"
#include "source/message_in_flight.h"
#include "source/shared_load.h"

namespace millrace::source {

// The arrivals of open loop that are one worker's: each `step`th, from number `first` on. A copy
// goes on from where this one is, and has the same ones.
class DealtArrivals {
 public:
  // `load` has begun, and must outlive the arrivals.
  DealtArrivals(const SharedLoad& load, unsigned first, unsigned step)
      : load_(load), step_(step), arrivals_(load.arrivals()), number_(first) {
    look();
  }

  // The one at hand; nothing when there are no more.
  [[nodiscard]] const std::optional<Arrival>& at_hand() const { return at_hand_; }
  [[nodiscard]] bool due(TimePoint now) const { return at_hand_ && at_hand_->intended <= now; }

  // On to the next one.
  void pass() {
    number_ += step_;
    look();
  }
  // There are no more.
  void end() { at_hand_.reset(); }

 private:
  void look();

  const SharedLoad& load_;
  const unsigned step_;
  Arrivals arrivals_;
  std::uint64_t number_;  // of the one at hand, counted from the run's first
  std::optional<Arrival> at_hand_;
};

}  // namespace millrace::source
