#include "source/agreed_start.h"

#include <fmt/format.h>
#include <sys/timex.h>

#include <algorithm>

#include "base/diagnostics.h"

namespace millrace::source {
namespace {

using std::chrono::microseconds;
using std::chrono::system_clock;

// From one look at the clock, and at whether to wait on, to the next.
constexpr std::chrono::milliseconds kLookAgain{100};

// Later than this is more than what threads take to begin on a busy machine.
constexpr std::chrono::milliseconds kTooLate{100};

}  // namespace

bool wait_for(system_clock::time_point moment, Duration lead, threads::WorkerThreads& workers) {
  while (workers.urgency() == threads::Urgency::none) {
    const Duration left = moment - lead - system_clock::now();
    if (left <= Duration::zero()) return true;
    workers.wait_until(Clock::now() + std::min<Duration>(left, kLookAgain));
  }
  return false;
}

metrics::AgreedStart begun_at(system_clock::time_point moment) {
  const Duration behind = std::max<Duration>(system_clock::now() - moment, Duration::zero());
  timex clock{};
  const int state = adjtimex(&clock);
  const auto error = [](long value) { return static_cast<std::uint64_t>(std::max(value, 0L)); };
  metrics::AgreedStart start{
      .synchronised = state >= 0 && state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0,
      .estimated_error = error(clock.esterror),
      .most_error = error(clock.maxerror),
      .late = static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(behind).count())};
  if (behind > kTooLate) {
    warn(fmt::format("the run begins {:.3f} s late: it was not ready when it was to start",
                     std::chrono::duration<double>(behind).count()));
  }
  return start;
}

}  // namespace millrace::source
