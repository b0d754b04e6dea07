#include "net/event_loop.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "net/epoll_loop.h"
#include "net/uring_loop.h"

namespace millrace::net {
namespace {

// After this long without a byte in either direction a stream is quiet.
constexpr std::chrono::seconds kQuiet{1};

template <typename Loop>
std::unique_ptr<EventLoop> make_loop() {
  return std::make_unique<Loop>();
}

bool everywhere() { return true; }

constexpr auto kEngines = std::to_array<Engine>({
    {"io_uring", "uring", "Linux 6.1 or newer must allow it", io_uring_available,
     make_loop<UringLoop>},
    {"epoll", "epoll", "", everywhere, make_loop<EpollLoop>},
});

}  // namespace

std::span<const Engine> engines() { return kEngines; }

const Engine* find_engine(std::string_view word) {
  const auto row = std::find_if(kEngines.begin(), kEngines.end(),
                                [&](const Engine& engine) { return engine.word == word; });
  return row == kEngines.end() ? nullptr : &*row;
}

void EventLoop::end_output(Channel& channel) { shutdown(channel.descriptor(), SHUT_WR); }

void EventLoop::note_grown(Channel& channel) {
  grown_.push_back(&channel);
  if (!storage_timer_.running()) timers_.start(storage_timer_, now_ + kQuiet);
}

void EventLoop::on_timer(Timer& /*timer*/) {
  std::erase_if(grown_, [this](Channel* channel) {
    return now_ >= channel->last_progress() + kQuiet && channel->give_back_storage();
  });
  if (!grown_.empty()) timers_.start(storage_timer_, now_ + kQuiet);
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
    for (Channel* const channel : retiring_) channel->tell_end();
  }
}

}  // namespace millrace::net
