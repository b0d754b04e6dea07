#include "net/epoll_loop.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "base/diagnostics.h"
#include "net/vectored_send.h"

namespace millrace::net {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

// How much one stream may read before the others have their turn.
constexpr std::size_t kReadsPerVisit = 16;

// Watches are told from streams by the lowest bit of the pointer that epoll keeps for us.
constexpr std::uint64_t kPollMark = 1;

template <typename Object>
std::uint64_t address_of(Object& object) {
  return reinterpret_cast<std::uintptr_t>(&object);
}

// What the loop keeps of a stream.
struct EpollState {
  bool connecting = false;    // the next edge says how it went
  bool missed_input = false;  // an edge came that was not followed to its end
};

EpollState& epoll_state(Channel& channel) { return channel.engine_state().as<EpollState>(); }

// What no wait is longer than; it only has to be more than nothing.
constexpr std::chrono::minutes kLongestWait{1};

}  // namespace

EpollLoop::EpollLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kBufferSize) {
  if (!epoll_.valid()) throw Fatal(describe_error("epoll", errno));
}

void EpollLoop::watch(PollHandle& handle) {
  epoll_event event{.events = EPOLLIN | EPOLLONESHOT,
                    .data = {.u64 = address_of(handle) | kPollMark}};
  if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_MOD, handle.descriptor(), &event) == 0) return;
  if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, handle.descriptor(), &event) != 0) {
    throw Fatal(describe_error("epoll", errno));
  }
}

void EpollLoop::wait(const TimePoint* deadline, TimePoint now) {
  Duration longest = kLongestWait;
  if (deadline != nullptr) longest = std::clamp<Duration>(*deadline - now, Duration(0), longest);
  const int found = wait_for_events(ready_.empty() ? longest : Duration(0));
  if (found < 0 && errno != EINTR) throw Fatal(describe_error("epoll", errno));
  begin_turn();
  for (int i = 0; i < found; ++i) dispatch(events_[static_cast<std::size_t>(i)]);
  visiting_.clear();
  visiting_.swap(ready_);
  for (Channel* const channel : visiting_) {
    if (epoll_state(*channel).missed_input) read(*channel, true);
  }
}

// To the nanosecond where the kernel can (Linux 5.11), else to the millisecond.
int EpollLoop::wait_for_events(Duration longest) {
  const auto most = static_cast<int>(events_.size());
  if (precise_) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(longest);
    const timespec time{.tv_sec = seconds.count(), .tv_nsec = (longest - seconds).count()};
    const int found = epoll_pwait2(epoll_.descriptor(), events_.data(), most, &time, nullptr);
    if (found >= 0 || (errno != ENOSYS && errno != EPERM)) return found;
    precise_ = false;
  }
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
  return epoll_wait(epoll_.descriptor(), events_.data(), most, static_cast<int>(milliseconds));
}

void EpollLoop::dispatch(const epoll_event& event) {
  if ((event.data.u64 & kPollMark) != 0) {
    reinterpret_cast<PollHandle*>(event.data.u64 & ~kPollMark)->on_readable();
    return;
  }
  Channel& channel = *reinterpret_cast<Channel*>(event.data.u64);
  if (channel.ended()) return;  // ended earlier in this turn
  if (epoll_state(channel).connecting) finish_connect(channel);
  if (channel.writing() && (event.events & EPOLLOUT) != 0) begin_write(channel);
  const bool ends = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (ends || (event.events & EPOLLIN) != 0) read(channel, ends);
}

void EpollLoop::add(Channel& channel) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.u64 = address_of(channel)}};
  if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, channel.descriptor(), &event) != 0) {
    channel.failed(errno);
  }
}

void EpollLoop::adopt(Channel& channel) {
  channel.engine_state().begin<EpollState>();
  add(channel);
}

void EpollLoop::begin_connect(Channel& channel, const SocketAddress& address) {
  EpollState& state = channel.engine_state().begin<EpollState>();
  if (::connect(channel.descriptor(), address.get(), address.length) != 0 && errno != EINPROGRESS) {
    return channel.failed(errno);
  }
  state.connecting = true;
  add(channel);
}

void EpollLoop::finish_connect(Channel& channel) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(channel.descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
  epoll_state(channel).connecting = false;
  // Only a connection that was there can be reset; one that was refused says so.
  if (error == 0 || error == ECONNRESET) channel.connected();
  if (error != 0 && !channel.ended()) channel.failed(error);
}

void EpollLoop::begin_reading(Channel& channel) {
  if (epoll_state(channel).missed_input) ready_.push_back(&channel);
}

void EpollLoop::stop_reading(Channel& channel) { channel.reading_ended(); }

void EpollLoop::read(Channel& channel, bool to_the_end) {
  EpollState& state = epoll_state(channel);
  for (std::size_t reads = 0; !channel.ended(); ++reads) {
    state.missed_input = true;
    if (!channel.reading()) return;
    if (reads == kReadsPerVisit) {
      ready_.push_back(&channel);
      return;
    }
    const std::size_t drop = channel.droppable();
    const std::size_t most = drop > 0 ? std::min(drop, buffer_.size()) : buffer_.size();
    const ssize_t result =
        recv(channel.descriptor(), buffer_.data(), most, drop > 0 ? MSG_TRUNC : 0);
    state.missed_input = false;
    if (result < 0) {
      if (errno != EAGAIN && errno != EINTR) channel.failed(errno);
      return;
    }
    if (result == 0) return channel.received_end();
    const auto length = static_cast<std::size_t>(result);
    traffic_.received += length;
    update_now();  // it may have come since the turn began, and is not to count as earlier
    if (drop > 0) {
      channel.dropped(length);
    } else {
      channel.received({buffer_.data(), length});
    }
    // A short read has emptied the socket: what comes later raises the next edge.
    if (length < most && !to_the_end) return;
  }
}

void EpollLoop::begin_write(Channel& channel) {
  while (channel.fill_queue()) {
    VectoredSend vectored(channel.queued());
    constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const int descriptor = channel.descriptor();
    const iovec& first = vectored.vectors[0];
    const ssize_t result = vectored.single()
                               ? send(descriptor, first.iov_base, first.iov_len, kFlags)
                               : sendmsg(descriptor, &vectored.header, kFlags);
    if (result < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) channel.failed(errno);
      return;  // EAGAIN: an edge says when there is room again
    }
    traffic_.sent += static_cast<std::uint64_t>(result);
    channel.written(static_cast<std::size_t>(result));
  }
  channel.all_written();
}

void EpollLoop::begin_close(Channel& channel) {
  epoll_state(channel) = {};
  std::erase(ready_, &channel);  // visiting_ may be in use; what it holds lives to the turn's end
  const FileDescriptor closing = channel.take_socket();
  channel.closed();
}

}  // namespace millrace::net
