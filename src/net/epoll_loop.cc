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
  for (Stream* const stream : visiting_) {
    if (stream->missed_input_) read(*stream, true);
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
  Stream& stream = *reinterpret_cast<Stream*>(event.data.u64);
  if (stream.ended()) return;  // ended earlier in this turn
  if (stream.connecting_) finish_connect(stream);
  if (stream.writing_ && (event.events & EPOLLOUT) != 0) {
    stream.writing_ = false;
    begin_write(stream);
  }
  const bool ends = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (ends || (event.events & EPOLLIN) != 0) read(stream, ends);
}

void EpollLoop::add(Stream& stream) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.u64 = address_of(stream)}};
  if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, stream.socket_.descriptor(), &event) != 0) {
    stream.end(errno);
  }
}

void EpollLoop::adopt(Stream& stream) {
  stream.reading_ = stream.writing_ = stream.missed_input_ = false;
  if (!stream.connecting_) add(stream);
}

void EpollLoop::begin_connect(Stream& stream, const SocketAddress& address) {
  if (::connect(stream.socket_.descriptor(), address.get(), address.length) != 0 &&
      errno != EINPROGRESS) {
    return stream.end(errno);
  }
  stream.connecting_ = true;
  add(stream);  // its first edge says how it went
}

void EpollLoop::finish_connect(Stream& stream) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(stream.socket_.descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
  // Only a connection that was there can be reset; one that was refused says so.
  if (error == 0 || error == ECONNRESET) stream.connected();
  stream.connecting_ = false;
  if (error != 0) stream.end(error);
}

void EpollLoop::begin_reading(Stream& stream) {
  stream.reading_ = true;
  if (stream.missed_input_) ready_.push_back(&stream);
}

void EpollLoop::stop_reading(Stream& stream) { stream.reading_ = false; }

void EpollLoop::read(Stream& stream, bool to_the_end) {
  for (std::size_t reads = 0; !stream.ended(); ++reads) {
    stream.missed_input_ = true;
    if (!stream.reading_) return;
    if (reads == kReadsPerVisit) {
      ready_.push_back(&stream);
      return;
    }
    const std::size_t drop = stream.droppable();
    const std::size_t most = drop > 0 ? std::min(drop, buffer_.size()) : buffer_.size();
    const ssize_t result =
        recv(stream.socket_.descriptor(), buffer_.data(), most, drop > 0 ? MSG_TRUNC : 0);
    stream.missed_input_ = false;
    if (result < 0) {
      if (errno != EAGAIN && errno != EINTR) stream.end(errno);
      return;
    }
    if (result == 0) return stream.received_end();
    const auto length = static_cast<std::size_t>(result);
    traffic_.received += length;
    update_now();  // it may have come since the turn began, and is not to count as earlier
    if (drop > 0) {
      stream.dropped(length);
    } else {
      stream.received({buffer_.data(), length});
    }
    // A short read has emptied the socket: what comes later raises the next edge.
    if (length < most && !to_the_end) return;
  }
}

void EpollLoop::begin_write(Stream& stream) {
  while (stream.fill_queue()) {
    VectoredSend vectored(stream.queued_);
    constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const int descriptor = stream.socket_.descriptor();
    const iovec& first = vectored.vectors[0];
    const ssize_t result = vectored.single()
                               ? send(descriptor, first.iov_base, first.iov_len, kFlags)
                               : sendmsg(descriptor, &vectored.header, kFlags);
    if (result < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return stream.end(errno);
      stream.writing_ = true;
      return;
    }
    traffic_.sent += static_cast<std::uint64_t>(result);
    stream.queued_.consume(static_cast<std::size_t>(result));
    stream.last_progress_ = now();
  }
  stream.sent();
}

void EpollLoop::begin_close(Stream& stream) {
  stream.connecting_ = stream.reading_ = stream.writing_ = stream.missed_input_ = false;
  std::erase(ready_, &stream);  // visiting_ may be in use; what it holds lives to the turn's end
  stream.socket_ = FileDescriptor();
  retire(stream);
}

}  // namespace millrace::net
