#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.h"
#include "metrics/measurement.h"
#include "metrics/timeline.h"
#include "source/recorder.h"
#include "source/run.h"
#include "source/split_recorder.h"

namespace millrace::source {

// What the recorders of all threads measured, put together: their seconds as these end, the rest
// when a thread is done.
class Recordings {
 public:
  // The run must outlive them.
  explicit Recordings(const Run& run);

  metrics::Timeline& timeline() { return timeline_; }

  // From any thread, whose recorders measure no more. `splits`: null when nothing is split.
  void add(Recorder& recorder, SplitRecorder* splits);

  // The same of clients that misbehave. `over`: when the last of them was, where nothing else is
  // measured.
  void add(const std::vector<metrics::ClientMetrics>& clients, TimePoint over);

  [[nodiscard]] const Completions& completions() const { return completions_; }

  // All of it; once, when all threads are done. `start`: of the run, on the wall's clock.
  // `interrupted`: the user ended it.
  metrics::Measurement measurement(std::chrono::system_clock::time_point start, bool interrupted);

 private:
  [[nodiscard]] Duration elapsed(metrics::Ending ending) const;
  void split(metrics::Measurement& whole);
  void complete(metrics::Row& row, Duration elapsed) const;

  const Run& run_;
  metrics::Timeline timeline_;
  std::mutex mutex_;
  std::vector<metrics::Metrics> stages_;
  metrics::Generator generator_;
  Completions completions_;
  std::optional<SplitRecorder> splits_;
  std::vector<metrics::ClientMetrics> clients_;
  TimePoint last_over_;  // of all messages
};

}  // namespace millrace::source
