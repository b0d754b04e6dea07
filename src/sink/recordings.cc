#include "sink/recordings.h"

#include <algorithm>

#include "base/quantity.h"

namespace millrace::sink {

void Recordings::add(const Recorder& recorder) {
  const std::lock_guard lock(mutex_);
  total_.add(recorder.metrics());
  if (!recorder.first()) return;
  first_ = std::min(first_.value_or(*recorder.first()), *recorder.first());
  last_ = std::max(last_, recorder.last());
}

metrics::Measurement Recordings::measurement() {
  metrics::Measurement measured{
      .start = start_on_wall_, .total = total_, .series = timeline_.rows()};
  if (!first_) return measured;
  measured.elapsed = last_ - start_;
  measured.measured = last_ - *first_;
  const double end = in_seconds(measured.elapsed);
  for (metrics::Row& row : measured.series) {
    row.length = std::clamp(end - static_cast<double>(row.number), 0.001, 1.0);
    row.stage = "run";
  }
  return measured;
}

}  // namespace millrace::sink
