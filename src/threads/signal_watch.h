#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "base/file_descriptor.h"
#include "net/wake_up.h"

namespace millrace::threads {

// Blocks SIGINT and SIGTERM in this thread and in those that it will start, and ignores SIGPIPE.
void block_ending_signals();

// The same with SIGHUP, for those who do something else then than to end.
void block_hangup();

// Ends the program as `signal` would have, had it not been blocked.
[[noreturn]] void end_by(int signal);

// Waits for SIGINT, SIGTERM and SIGHUP, where they are blocked, on a thread of its own. So whatever
// holds the others up (a terminal or a pipe that nobody reads, a disk, what a server has them
// calculate), the second or third of them ends the program.
class SignalWatch {
 public:
  // `grace`: how long the program has after the second signal, unless a third comes; 0: the second
  // ends it. Throws Fatal when there is no thread or descriptor left.
  explicit SignalWatch(std::chrono::milliseconds grace);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  // Has `on_signal` called for each that comes, on that thread, and now for each that has come.
  // `number`: 1 for the first. Empty: nobody is told any more.
  void hand_on(std::function<void(unsigned number)> on_signal);

  // Has `on_hangup` called for each SIGHUP that comes, on that thread, and now if one has come.
  // Empty: nobody is told any more.
  void hand_on_hangup(std::function<void()> on_hangup);

  // The first that came; 0 while none has.
  [[nodiscard]] int first() const { return first_; }

 private:
  void watch();
  [[nodiscard]] int next() const;
  unsigned take(int signal);
  void take_hangup();

  const std::chrono::milliseconds grace_;
  const FileDescriptor signals_;
  net::WakeUp over_;
  std::mutex mutex_;
  std::function<void(unsigned number)> on_signal_;
  std::function<void()> on_hangup_;
  bool hangup_came_ = false;  // and nobody was there to be told
  unsigned come_ = 0;
  std::atomic<int> first_{0};
  std::thread thread_;
};

}  // namespace millrace::threads
