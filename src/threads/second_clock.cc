#include "threads/second_clock.h"

#include <chrono>
#include <utility>

namespace millrace::threads {

using std::chrono::seconds;

SecondClock::SecondClock(net::EventLoop& loop, metrics::Timeline& timeline, TimePoint start,
                         Complete complete)
    : loop_(loop),
      timeline_(timeline),
      complete_(std::move(complete)),
      timer_(*this),
      end_(start + seconds(1)) {
  loop_.timers().start(timer_, end_);
}

void SecondClock::stop() {
  loop_.timers().stop(timer_);
  publish();
  timeline_.leave(number_);
}

// What a stalled loop measured over several seconds is told as the first of them.
void SecondClock::on_timer(net::Timer& /*timer*/) {
  const TimePoint now = loop_.now();
  for (; end_ <= now; end_ += seconds(1)) publish();
  loop_.timers().start(timer_, end_);
}

void SecondClock::publish() {
  const net::Traffic traffic = loop_.traffic();
  metrics::ThreadInterval& interval = complete_(
      {.sent = traffic.sent - traffic_.sent, .received = traffic.received - traffic_.received});
  traffic_ = traffic;
  timeline_.add(number_++, interval);
  interval.clear();
}

}  // namespace millrace::threads
