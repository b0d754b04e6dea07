#pragma once

#include <chrono>

#include "base/time.h"
#include "metrics/measurement.h"
#include "threads/worker_threads.h"

namespace millrace::source {

// Waits until so long before a moment by the wall's clock, which may be set meanwhile; whether it
// has come, and the workers were not told to end first.
bool wait_for(std::chrono::system_clock::time_point moment, Duration lead,
              threads::WorkerThreads& workers);

// What is to be told of a start that was meant to be at this moment. A run that is ready too late
// for it is told to the user, as a warning.
metrics::AgreedStart begun_at(std::chrono::system_clock::time_point moment);

}  // namespace millrace::source
