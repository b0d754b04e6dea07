#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "net/event_loop.h"
#include "net/timers.h"
#include "source/recorder.h"
#include "source/run.h"
#include "source/session.h"
#include "source/thread_use.h"
#include "source/worker_resources.h"

namespace millrace::source {

// One thread of the source: a loop and its share of the sessions and of the load.
class Worker final : private net::TimerHandler {
 public:
  // Runs the sessions `first`, `first + step`, ... of the run, once begin() has been called.
  // Throws Fatal.
  Worker(Run& run, unsigned first, unsigned step);

  // The run has begun: its start is known.
  void begin();

  // Returns when all sessions are done, when the run is over, or when the loop has failed, which
  // ends the run.
  void run();

  // Looks at what has become of the run, which another thread may have changed: winds up when it
  // was interrupted, stops when it has failed or was interrupted twice.
  void follow_run();

  [[nodiscard]] net::EventLoop& loop() { return *own_.loop; }
  // Null when nothing is measured.
  [[nodiscard]] Recorder* recorder() { return own_.recorder ? &*own_.recorder : nullptr; }

 private:
  void on_timer(net::Timer& timer) override;
  void work();
  void end_second();
  void wind_up();
  void stop();
  void finish();

  Run& run_;
  const unsigned first_;
  const unsigned step_;
  WorkerResources own_;  // and its sessions'
  std::vector<std::unique_ptr<Session>> sessions_;
  net::Timer second_timer_;    // the end of the second that is measured
  net::Timer end_timer_;       // of the schedule
  net::Timer drain_timer_;     // what is under way must be over
  ThreadUse use_before_;       // what the thread had used when it began to run
  std::uint64_t seconds_ = 0;  // that have been published
  bool winding_up_ = false;
  bool stopping_ = false;
};

}  // namespace millrace::source
