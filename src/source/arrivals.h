#pragma once

#include <cstdint>
#include <optional>

#include "source/poisson_process.h"
#include "source/schedule.h"

namespace millrace::source {

// How arrivals lie around the schedule's level.
enum class ArrivalPattern : std::uint8_t {
  constant,  // evenly
  poisson,   // with exponentially distributed gaps, as those of many independent senders
};

// When messages are due in open loop: the times of all arrivals of a run. Two of the same seed give
// the same times, so threads share them without a word.
class Arrivals {
 public:
  // `schedule` must outlive the arrivals.
  Arrivals(const Schedule& schedule, ArrivalPattern pattern, std::uint64_t seed)
      : schedule_(schedule) {
    if (pattern == ArrivalPattern::poisson) poisson_.emplace(seed);
  }

  // When arrival `number` is, from the start of the run; nothing when the schedule is over by then.
  // Numbers are asked for in order, of which any may be left out.
  std::optional<Duration> when(std::uint64_t number);

 private:
  const Schedule& schedule_;
  std::optional<PoissonProcess> poisson_;  // of the sums of the level; nothing: they are even
};

}  // namespace millrace::source
