#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "net/event_loop.h"
#include "sasl/gnu_sasl.h"
#include "source/run.h"
#include "source/session.h"

namespace millrace::source {

// One thread of the source: a loop and its share of the sessions.
class Worker {
 public:
  // Runs the sessions `first`, `first + step`, ... of the run. Throws Fatal.
  Worker(Run& run, unsigned first, unsigned step);

  // Returns when all sessions are done, or after stop().
  void run();
  void stop() { stopping_ = true; }

  [[nodiscard]] net::EventLoop& loop() { return *loop_; }
  [[nodiscard]] std::mt19937_64& random() { return random_; }
  [[nodiscard]] Gsasl* sasl() const { return sasl_.get(); }

  // A session has no message left to send.
  void session_done() { --sessions_left_; }

 private:
  std::unique_ptr<net::EventLoop> loop_;
  sasl::Library sasl_;  // null unless AUTH is carried out
  std::vector<std::unique_ptr<Session>> sessions_;
  std::size_t sessions_left_ = 0;
  std::mt19937_64 random_{std::random_device{}()};
  bool stopping_ = false;
};

}  // namespace millrace::source
