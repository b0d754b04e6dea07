#include "source/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace millrace::source {

// In real numbers, which may rise beyond all bounds, until it is known to be no more than `most`.
Duration RetryPolicy::wait_after(std::uint32_t attempts) const {
  const double wait = static_cast<double>(first.count()) * std::pow(factor, attempts - 1);
  if (!(wait < static_cast<double>(most.count()))) return most;
  return Duration(static_cast<Duration::rep>(wait));
}

std::optional<TimePoint> RetryPolicy::next(TimePoint intended, std::uint32_t attempts,
                                           TimePoint now) const {
  if (attempts > retries) return std::nullopt;
  const TimePoint due = now + wait_after(attempts);
  if (due - intended > give_up) return std::nullopt;
  return due;
}

}  // namespace millrace::source
