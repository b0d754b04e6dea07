#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "metrics/measurement.h"
#include "metrics/timeline.h"
#include "sink/recorder.h"

namespace millrace::sink {

// What the recorders of all threads counted, put together: their seconds as these end, the rest
// when a thread is done. Their time begins when they are made.
class Recordings {
 public:
  // `start`: when that is, by the wall clock.
  explicit Recordings(std::size_t threads, std::chrono::system_clock::time_point start =
                                               std::chrono::system_clock::now())
      : start_on_wall_(start), timeline_(threads, metrics::Timeline::Idle::left_out) {}

  metrics::Timeline& timeline() { return timeline_; }
  [[nodiscard]] TimePoint start() const { return start_; }

  // From any thread, whose recorder counts no more.
  void add(const Recorder& recorder);

  // All of it, from the first session to the last; once, when all threads are done.
  metrics::Measurement measurement();

 private:
  const TimePoint start_ = Clock::now();
  const std::chrono::system_clock::time_point start_on_wall_;
  metrics::Timeline timeline_;
  std::mutex mutex_;
  metrics::Metrics total_;
  std::optional<TimePoint> first_;  // when there was a session
  TimePoint last_;                  // the same
};

}  // namespace millrace::sink
