#include "sink/idleness.h"

namespace millrace::sink {

// In this order: who finds no session open sees when the last one ended.
void Idleness::session_ended(TimePoint now) {
  last_end_ = now;
  open_.fetch_sub(1);
}

std::optional<TimePoint> Idleness::lasts_until(TimePoint now) const {
  if (open_ > 0) return now + limit_;
  const auto last = last_end();
  if (!last) return now + limit_;
  if (now - *last >= limit_) return std::nullopt;
  return *last + limit_;
}

std::optional<TimePoint> Idleness::last_end() const {
  const TimePoint last = last_end_;
  return last == TimePoint::min() ? std::nullopt : std::optional(last);
}

}  // namespace millrace::sink
