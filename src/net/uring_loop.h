#pragma once

#include <liburing.h>

#include <deque>
#include <memory>
#include <vector>

#include "net/event_loop.h"
#include "net/gather.h"

namespace millrace::net {

// The loop on io_uring: multishot receive into a ring of provided buffers, and everything that
// one turn decides goes to the kernel in one system call, which also waits for the next turn.
class UringLoop final : public EventLoop {
 public:
  // Throws Fatal when the kernel refuses.
  UringLoop();
  ~UringLoop() override;

  void watch(Watch& watch) override;
  // Blocking sockets: the kernel waits for us, and would return EAGAIN from others instead.
  [[nodiscard]] int socket_flags() const override { return SOCK_CLOEXEC; }

 protected:
  void wait(const TimePoint* deadline, TimePoint now) override;
  void adopt(Stream& stream) override;
  void begin_connect(Stream& stream, const SocketAddress& address) override;
  void begin_reading(Stream& stream) override;
  void stop_reading(Stream& stream) override;
  void begin_write(Stream& stream) override;
  void begin_close(Stream& stream) override;

 private:
  enum class Operation : std::uint8_t;

  io_uring_sqe* next_entry();
  void cancel(Stream& stream, Operation operation);
  void submit_write(Stream& stream);
  void dispatch(const io_uring_cqe& entry);
  void on_receive(Stream& stream, const io_uring_cqe& entry);
  void on_send(Stream& stream, int result);
  void on_connect(Stream& stream, int result);
  void set_alarm(TimePoint deadline);
  void recycle(unsigned buffer);
  void retire_if_idle(Stream& stream);

  io_uring ring_{};
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::vector<char> buffers_;
  std::deque<Gather> gathers_;  // vectors of this turn's sends; the kernel copies them on submit
  std::size_t gathers_used_ = 0;
  TimePoint alarm_ = TimePoint::max();  // when the kernel ends a wait; max: it does not
  __kernel_timespec alarm_time_{};
};

}  // namespace millrace::net
