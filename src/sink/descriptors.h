#pragma once

#include <cstddef>

#include "sink/options.h"

namespace millrace::sink {

// How many sessions at once `limit` descriptors are enough for, after what is open now, what the
// threads will open, and what each session may hold. To be asked before the threads begin.
std::size_t affordable_sessions(std::size_t limit, const SinkOptions& options);

// The limit of sessions that the options ask for, by default the affordable ones. Warns when that
// is more than can be afforded.
std::size_t session_limit(std::size_t descriptor_limit, const SinkOptions& options);

}  // namespace millrace::sink
