#include "source/thread_use.h"

#include <time.h>

#include <cstdint>
#include <fstream>

namespace millrace::source {

ThreadUse thread_use() {
  ThreadUse use;
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  use.busy = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  // Nanoseconds on a core and waiting for one, and time slices (proc(5)).
  std::ifstream file("/proc/thread-self/schedstat");
  std::int64_t busy = 0;
  std::int64_t run_delay = 0;
  if (file >> busy >> run_delay) use.run_delay = std::chrono::nanoseconds(run_delay);
  return use;
}

}  // namespace millrace::source
