#pragma once

#include <sys/epoll.h>

#include <array>
#include <vector>

#include "net/event_loop.h"

namespace millrace::net {

// The loop on epoll, edge-triggered: a stream is registered once in its life, and a round trip
// costs one receive and one send.
class EpollLoop final : public EventLoop {
 public:
  EpollLoop();

  void watch(PollHandle& handle) override;
  [[nodiscard]] int socket_flags() const override { return SOCK_CLOEXEC | SOCK_NONBLOCK; }

 protected:
  void wait(const TimePoint* deadline, TimePoint now) override;
  void adopt(Stream& stream) override;
  void begin_connect(Stream& stream, const SocketAddress& address) override;
  void begin_reading(Stream& stream) override;
  void stop_reading(Stream& stream) override;
  void begin_write(Stream& stream) override;
  void begin_close(Stream& stream) override;

 private:
  int wait_for_events(Duration longest);
  void add(Stream& stream);
  void dispatch(const epoll_event& event);
  void finish_connect(Stream& stream);
  void read(Stream& stream, bool to_the_end);

  FileDescriptor epoll_;
  std::array<epoll_event, 256> events_{};
  std::vector<Stream*> ready_;     // have input that no further edge will announce
  std::vector<Stream*> visiting_;  // those being read, so that the storage is kept
  std::vector<char> buffer_;
  bool precise_ = true;  // epoll_pwait2 is there
};

}  // namespace millrace::net
