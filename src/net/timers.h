#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace millrace::net {

class Timer;

// Is called on the loop's thread when a timer is due. The timer is stopped by then.
class TimerHandler {
 public:
  virtual ~TimerHandler() = default;
  virtual void on_timer(Timer& timer) = 0;
};

// One moment to be reminded of. Lives in its owner; starting and stopping allocate nothing.
class Timer {
 public:
  explicit Timer(TimerHandler& handler) : handler_(handler) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { unlink(); }

  [[nodiscard]] bool running() const { return link_ != nullptr; }

 private:
  friend class Timers;

  void unlink();

  TimerHandler& handler_;
  Timer* next_ = nullptr;   // in the slot, while this one is running
  Timer** link_ = nullptr;  // what points at this timer
  std::uint64_t due_tick_ = 0;
};

// A hierarchical timing wheel with ticks of one millisecond: starting and stopping a timer cost
// the same with ten sessions as with ten thousand. A timer is never early and at most a tick
// late.
class Timers {
 public:
  explicit Timers(TimePoint start) : start_(start) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // (Re)starts `timer`. A deadline in the past is due a tick later: at the next run(), or still in
  // the one that calls the handler which starts it, if that is late. One more than two years after
  // the wheel's own start is due then.
  void start(Timer& timer, TimePoint deadline);
  void stop(Timer& timer) { timer.unlink(); }

  // When run() next has something to do; nothing when no timer is running.
  [[nodiscard]] std::optional<TimePoint> next();

  // Calls the handlers of all timers due at `now`. They may start and stop timers.
  void run(TimePoint now);

 private:
  static constexpr unsigned kSlotBits = 6;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  static constexpr std::size_t kLevels = 6;

  struct Slot {
    std::size_t level;
    std::size_t index;
    std::uint64_t tick;  // the first that the slot covers
  };

  [[nodiscard]] std::optional<Slot> next_slot();
  void place(Timer& timer);

  TimePoint start_;
  Timer* due_ = nullptr;    // those of a slot that run() has not called yet; a handler may throw
  std::uint64_t tick_ = 0;  // all timers due before or at this one have been called
  std::array<std::array<Timer*, kSlots>, kLevels> slots_{};
  std::array<std::uint64_t, kLevels> used_{};  // one bit a slot that may hold timers
};

}  // namespace millrace::net
