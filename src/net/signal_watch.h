#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "net/ending_signals.h"
#include "net/wake_up.h"

namespace millrace::net {

// Waits for SIGINT and SIGTERM, which must be blocked, on a thread of its own. So whatever holds
// the others up, the program ends three seconds after the second of them, or at the third.
class SignalWatch {
 public:
  // Throws Fatal when there is no thread or descriptor left.
  SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  // Has `on_signal` called for each that comes, on that thread, and now for each that has come.
  // Empty: nobody is told any more.
  void hand_on(std::function<void()> on_signal);

  // The first that came; 0 while none has.
  [[nodiscard]] int first() const { return first_; }

 private:
  void watch();
  unsigned take(int signal);

  EndingSignals signals_;
  WakeUp over_;
  std::mutex mutex_;
  std::function<void()> on_signal_;
  unsigned come_ = 0;
  std::atomic<int> first_{0};
  std::thread thread_;
};

}  // namespace millrace::net
