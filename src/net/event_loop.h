#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/engine.h"
#include "net/timers.h"
#include "net/traffic.h"

namespace millrace::net {

class EventLoop;

// A way to ask the kernel; all there are is engines().
struct Engine {
  std::string_view name;                 // the kernel's
  std::string_view word;                 // a user's
  std::string_view needs;                // told where it is not available
  bool (*available)();                   // whether the kernel grants what it needs
  std::unique_ptr<EventLoop> (*make)();  // throws Fatal when the system does not grant a loop
};

// The best first; the last is available everywhere.
std::span<const Engine> engines();

// Null when no engine is called so.
const Engine* find_engine(std::string_view word);

// A descriptor that the loop watches for its owner: a listener, or a wake-up.
class PollHandle {
 public:
  explicit PollHandle(int descriptor) : descriptor_(descriptor) {}
  PollHandle(const PollHandle&) = delete;
  PollHandle& operator=(const PollHandle&) = delete;
  virtual ~PollHandle() = default;

  // It can be read, once for each EventLoop::watch().
  virtual void on_readable() = 0;

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// One thread's loop: waits for its streams, watches and timers and calls their owners. It must
// be made, used and destroyed on the same thread; nothing in it is locked. An engine is one that
// knows how to wait, and does what streams ask (net/engine.h).
class EventLoop : public StreamEngine, private TimerHandler {
 public:
  EventLoop() : timers_(Clock::now()), storage_timer_(*this) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() override = default;

  // Waits until something happens, at most until `limit`, then deals with all that has. Timers
  // are a millisecond coarse, the limit is not.
  void turn(std::optional<TimePoint> limit = std::nullopt);

  // The time at which this turn began, or that of the last update_now(): whatever is received was
  // there by then.
  [[nodiscard]] TimePoint now() const { return now_; }
  void update_now() { now_ = Clock::now(); }

  // The waiting is over. To be called by others only before the first turn: what the loop was
  // away for until then does not count.
  void begin_turn() { now_ = woken_ = Clock::now(); }

  // How long the turn before this one kept the loop from waiting.
  [[nodiscard]] Duration away() const { return away_; }

  [[nodiscard]] Traffic traffic() const { return traffic_; }

  Timers& timers() { return timers_; }

  // Calls handle.on_readable() once, when its descriptor can be read. `handle` must outlive the
  // loop's last turn.
  virtual void watch(PollHandle& handle) = 0;

  // What a socket must be made with to be used here: SOCK_CLOEXEC, and SOCK_NONBLOCK or not.
  [[nodiscard]] virtual int socket_flags() const = 0;

  // For streams (net/engine.h).

  void end_output(Channel& channel) override;
  // The engine is done with the stream: its owner is told at the end of the turn.
  void retire(Channel& channel) { retired_.push_back(&channel); }
  // The stream's queues have grown: when it has been quiet for a while, their memory goes back.
  void note_grown(Channel& channel);
  // It is no longer to be looked at.
  void forget_grown(Channel& channel) { std::erase(grown_, &channel); }

 protected:
  // Waits at most until `deadline`, forever if there is none, and deals with what happened. It
  // is `now`.
  virtual void wait(const TimePoint* deadline, TimePoint now) = 0;

  Traffic traffic_;  // counted by the engine

 private:
  void on_timer(Timer& timer) override;

  TimePoint now_ = Clock::now();
  TimePoint woken_ = now_;
  Duration away_{};
  Timers timers_;
  std::vector<Channel*> retired_;
  std::vector<Channel*> retiring_;  // those being told, so that the storage is kept
  std::vector<Channel*> grown_;     // hold more memory than a quiet stream should
  Timer storage_timer_;             // when those are looked at
};

}  // namespace millrace::net
