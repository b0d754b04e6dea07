#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "source/arrivals.h"
#include "source/retry_policy.h"
#include "source/schedule.h"

namespace millrace::source {

// When messages are sent.
struct Load {
  bool open_loop = false;  // by the schedule's arrivals; else each session after its last message
  ArrivalPattern pattern = ArrivalPattern::constant;
  std::uint64_t seed = 0;             // of the pattern
  std::vector<Stage> schedule;        // at least one stage
  Duration drain_limit{0};            // how long what is under way may take at the end
  std::optional<double> abort_share;  // of failures so far: beyond it the run is given up
  std::optional<RetryPolicy> retry;   // none: what was not taken has failed
  // Messages that wait for another attempt, over all threads, when nothing new begins any more.
  std::uint64_t retry_limit = 100'000;
  std::uint64_t first_message = 0;  // the number of the first one, from which they count
};

}  // namespace millrace::source
