#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "source/schedule.h"

namespace millrace::source {

// How arrivals lie around the schedule's level.
enum class ArrivalPattern : std::uint8_t {
  constant,  // evenly
  poisson,   // with exponentially distributed gaps, as those of many independent senders
};

// When messages are due in open loop: the times of all arrivals of a run, in order. Two of the
// same seed give the same times, so threads share them without a word.
class Arrivals {
 public:
  // `schedule` must outlive the arrivals.
  Arrivals(const Schedule& schedule, ArrivalPattern pattern, std::uint64_t seed)
      : schedule_(schedule), pattern_(pattern), random_(seed) {}

  // The next one, or the `steps`th from here, from the start of the run; nothing when the schedule
  // is over.
  std::optional<Duration> next(unsigned steps = 1);

 private:
  const Schedule& schedule_;
  const ArrivalPattern pattern_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_{1.0};
  std::uint64_t count_ = 0;  // of those drawn, where they are even
  double sum_ = 0;           // for Poisson: where the last one lay in the sum of the level
};

}  // namespace millrace::source
