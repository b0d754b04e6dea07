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

  void adopt(Channel& channel) override;
  void begin_connect(Channel& channel, const SocketAddress& address) override;
  void begin_reading(Channel& channel) override;
  void stop_reading(Channel& channel) override;
  void begin_write(Channel& channel) override;
  void begin_close(Channel& channel) override;

 protected:
  void wait(const TimePoint* deadline, TimePoint now) override;

 private:
  int wait_for_events(Duration longest);
  void add(Channel& channel);
  void dispatch(const epoll_event& event);
  void finish_connect(Channel& channel);
  void read(Channel& channel, bool to_the_end);

  FileDescriptor epoll_;
  std::array<epoll_event, 256> events_{};
  std::vector<Channel*> ready_;     // have input that no further edge will announce
  std::vector<Channel*> visiting_;  // those being read, so that the storage is kept
  std::vector<char> buffer_;
  bool precise_ = true;  // epoll_pwait2 is there
};

}  // namespace millrace::net
