#pragma once

#include "base/time.h"

namespace millrace::source {

// How a thread spent its time so far.
struct ThreadUse {
  Duration busy{};       // on a core, in the kernel as well
  Duration run_delay{};  // ready, while others had the cores; 0 where the kernel does not tell
};

// Of the calling thread.
ThreadUse thread_use();

}  // namespace millrace::source
