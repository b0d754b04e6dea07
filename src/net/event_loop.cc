#include "net/event_loop.h"

#include "net/epoll_loop.h"
#include "net/uring_loop.h"

namespace millrace::net {

std::string_view name(Engine engine) { return engine == Engine::io_uring ? "io_uring" : "epoll"; }

std::unique_ptr<EventLoop> EventLoop::make(Engine engine) {
  if (engine == Engine::io_uring) return std::make_unique<UringLoop>();
  return std::make_unique<EpollLoop>();
}

void EventLoop::retire(Stream& stream) {
  if (stream.phase_ == Stream::Phase::retired) return;
  stream.phase_ = Stream::Phase::retired;
  retired_.push_back(&stream);
}

void EventLoop::turn(std::optional<TimePoint> limit) {
  const TimePoint asleep = Clock::now();
  away_ = asleep - woken_;
  // A stream that ended between turns must not wait for the next event.
  std::optional<TimePoint> deadline = retired_.empty() ? timers_.next() : asleep;
  if (limit && (!deadline || *limit < *deadline)) deadline = limit;
  wait(deadline ? &*deadline : nullptr, asleep);
  timers_.run(now_);
  while (!retired_.empty()) {
    retiring_.clear();
    retiring_.swap(retired_);
    for (Stream* const stream : retiring_) {
      stream->phase_ = Stream::Phase::idle;
      stream->handler_.on_end(stream->error_);
    }
  }
}

}  // namespace millrace::net
