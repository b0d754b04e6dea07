#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "base/file_descriptor.h"
#include "base/time.h"
#include "net/wake_up.h"

namespace millrace::threads {

// Blocks SIGINT and SIGTERM in this thread and in those that it will start, and ignores SIGPIPE.
void block_ending_signals();

// The same with SIGHUP, for those who do something else then than to end.
void block_hangup();

// Ends the program as `signal` would have, had it not been blocked.
[[noreturn]] void end_by(int signal);

// How signals that end a program are understood.
struct Patience {
  // Those that come so soon behind one are the same: timeout(1) sends two.
  std::chrono::milliseconds moment{100};
  // From the second, which gives up what is under way, until the program ends all the same.
  std::chrono::milliseconds grace{3'000};
};

// Waits for SIGINT, SIGTERM and SIGHUP, where they are blocked, on a thread of its own. So whatever
// holds the others up (a terminal or a pipe that nobody reads, a disk, what a server has them
// calculate), they end the program: a while behind the second, or at the third.
class SignalWatch {
 public:
  // Throws Fatal when there is no thread or descriptor left.
  explicit SignalWatch(Patience patience = {});
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  // Has `on_signal` called for each that counts, on that thread, and now for each that has come.
  // `number`: 1 for the first. Empty: nobody is told any more.
  void hand_on(std::function<void(unsigned number)> on_signal);

  // Has `on_hangup` called for each SIGHUP that comes, on that thread, and now if one has come.
  // Empty: nobody is told any more.
  void hand_on_hangup(std::function<void()> on_hangup);

  // The first that came; 0 while none has.
  [[nodiscard]] int first() const { return first_; }
  // When that was; TimePoint::max() while none has.
  [[nodiscard]] TimePoint first_at() const { return first_at_; }

 private:
  void watch();
  [[nodiscard]] int next() const;
  unsigned take(int signal, TimePoint now);
  void take_hangup();

  const Patience patience_;
  const FileDescriptor signals_;
  net::WakeUp over_;
  std::mutex mutex_;
  std::function<void(unsigned number)> on_signal_;
  std::function<void()> on_hangup_;
  bool hangup_came_ = false;  // and nobody was there to be told
  unsigned come_ = 0;
  std::atomic<int> first_{0};
  std::atomic<TimePoint> first_at_{TimePoint::max()};
  std::thread thread_;
};

}  // namespace millrace::threads
