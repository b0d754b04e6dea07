#pragma once

#include <cstdint>
#include <functional>

#include "base/time.h"
#include "metrics/timeline.h"
#include "net/event_loop.h"
#include "net/timers.h"

namespace millrace::threads {

// The seconds of a run on one thread: at the end of each, what the thread measured in it goes to
// the timeline.
class SecondClock final : private net::TimerHandler {
 public:
  // Completes what was measured since the last call. `moved`: the loop's bytes of that time, to be
  // counted. The interval stays the recorder's; it is cleared when the timeline has it.
  using Complete = std::function<metrics::ThreadInterval&(net::Traffic moved)>;

  // Both must outlive the clock. `start`: of the first second.
  SecondClock(net::EventLoop& loop, metrics::Timeline& timeline, TimePoint start,
              Complete complete);

  // Nothing more is measured: gives the rest, as a second cut short. Once.
  void stop();

 private:
  void on_timer(net::Timer& timer) override;
  void publish();

  net::EventLoop& loop_;
  metrics::Timeline& timeline_;
  const Complete complete_;
  net::Timer timer_;
  TimePoint end_;             // of this second
  std::uint64_t number_ = 0;  // of this second
  net::Traffic traffic_;      // that has been counted
};

}  // namespace millrace::threads
