#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "net/event_loop.h"
#include "net/timers.h"
#include "sasl/gnu_sasl.h"
#include "source/load_model.h"
#include "source/recorder.h"
#include "source/run.h"
#include "source/session.h"
#include "source/thread_use.h"

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

  [[nodiscard]] net::EventLoop& loop() { return *loop_; }
  [[nodiscard]] LoadModel& load_model() { return *load_model_; }
  // Null when nothing is measured.
  [[nodiscard]] Recorder* recorder() { return recorder_ ? &*recorder_ : nullptr; }
  [[nodiscard]] std::mt19937_64& random() { return random_; }
  [[nodiscard]] Gsasl* sasl() const { return sasl_.get(); }

  // A session has no message left to send.
  void session_done() { --sessions_left_; }

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
  std::unique_ptr<net::EventLoop> loop_;
  sasl::Library sasl_;  // null unless AUTH is carried out
  std::optional<Recorder> recorder_;
  std::unique_ptr<LoadModel> load_model_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::size_t sessions_left_ = 0;
  std::mt19937_64 random_{std::random_device{}()};
  net::Timer second_timer_;    // the end of the second that is measured
  net::Timer end_timer_;       // of the schedule
  net::Timer drain_timer_;     // what is under way must be over
  ThreadUse use_before_;       // what the thread had used when it began to run
  std::uint64_t seconds_ = 0;  // that have been published
  bool winding_up_ = false;
  bool stopping_ = false;
};

}  // namespace millrace::source
