#pragma once

#include <chrono>

namespace millrace {

// Every moment and duration inside the programs is on this clock.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace millrace
