#include "sink/idleness.h"

namespace millrace::sink {

// In this order: who finds no session open sees when the last one ended.
void Idleness::session_ended(TimePoint now) {
  last_end_ = now;
  open_.fetch_sub(1);
}

std::optional<TimePoint> Idleness::lasts_until(TimePoint now) const {
  if (open_ > 0) return now + limit_;
  const TimePoint last_end = last_end_;
  if (last_end == TimePoint::min()) return now + limit_;
  if (now - last_end >= limit_) return std::nullopt;
  return last_end + limit_;
}

}  // namespace millrace::sink
