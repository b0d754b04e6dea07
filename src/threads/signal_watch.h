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

  // Has `on_signal` called for each that counts, on that thread or that of end_run(), and now for
  // each that has come. `number`: 1 for the first. Empty: nobody is told any more.
  void hand_on(std::function<void(unsigned number)> on_signal);

  // Has `on_hangup` called for each SIGHUP that comes, on that thread, and now if one has come.
  // Empty: nobody is told any more.
  void hand_on_hangup(std::function<void()> on_hangup);

  // From any thread: has a run end as by so many signals, SIGINT if none has come, where no user is
  // behind it. Neither the grace begins by that, nor does a signal count as a later one.
  void end_run(unsigned number);

  // From any thread: whether there is something that the second signal gives up, as there is at
  // first. Without that it is not followed by the end of the program.
  void grant_grace(bool granted) { is_granted_ = granted; }

  // The first that came, or SIGINT where end_run() was called before; 0 while none has.
  [[nodiscard]] int first() const { return first_; }
  // When that was; TimePoint::max() while none has.
  [[nodiscard]] TimePoint first_at() const { return first_at_; }
  // When the first SIGTERM came; TimePoint::max() while none has.
  [[nodiscard]] TimePoint terminated_at() const { return terminated_at_; }

 private:
  void watch();
  [[nodiscard]] int next() const;
  unsigned take(int signal, TimePoint now);
  void end_as(int signal, unsigned number, TimePoint now);
  void take_hangup();

  const Patience patience_;
  const FileDescriptor signals_;
  net::WakeUp over_;
  std::mutex mutex_;
  std::function<void(unsigned number)> on_signal_;
  std::function<void()> on_hangup_;
  bool hangup_came_ = false;  // and nobody was there to be told
  unsigned come_ = 0;
  unsigned told_ = 0;  // the number that was handed on last
  std::atomic<bool> is_granted_{true};
  std::atomic<int> first_{0};
  std::atomic<TimePoint> first_at_{TimePoint::max()};
  std::atomic<TimePoint> terminated_at_{TimePoint::max()};
  std::thread thread_;
};

}  // namespace millrace::threads
