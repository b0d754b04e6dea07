#pragma once

#include <liburing.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "net/event_loop.h"
#include "net/receive_buffers.h"
#include "net/vectored_send.h"

namespace millrace::net {

// Whether the kernel grants io_uring with what the loop needs of it (Linux 6.1; containers often
// forbid it altogether).
bool io_uring_available();

// The loop on io_uring: multishot receive into a ring of provided buffers, and everything that
// one turn decides goes to the kernel in one system call, which also waits for the next turn.
class UringLoop final : public EventLoop {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  // `use`: of the receive buffers, where the kernel can. `patience`: how long the kernel may refuse
  // submissions for want of memory. Throws Fatal when the kernel refuses.
  explicit UringLoop(ReceiveBuffers::Use use = ReceiveBuffers::Use::by_the_piece,
                     Duration patience = kPatience);
  ~UringLoop() override;

  void watch(PollHandle& handle) override;
  // Blocking sockets: the kernel waits for us, and would return EAGAIN from others instead.
  [[nodiscard]] int socket_flags() const override { return SOCK_CLOEXEC; }

  void adopt(Channel& channel) override;
  void begin_connect(Channel& channel, const SocketAddress& address) override;
  void begin_reading(Channel& channel) override;
  void stop_reading(Channel& channel) override;
  void begin_write(Channel& channel) override;
  void begin_close(Channel& channel) override;

  // How many receive buffers there are.
  [[nodiscard]] std::size_t receive_buffers() const { return buffers_.count(); }

 protected:
  void wait(const TimePoint* deadline, TimePoint now) override;

 private:
  struct Ring : io_uring {
    Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() { end(); }
    void end();

   private:
    bool open_ = true;
  };

  enum class Operation : std::uint8_t;

  io_uring_sqe* next_entry();
  void check(int result);
  void cancel(Channel& channel, Operation operation);
  void cancel_receive(Channel& channel);
  void submit_write(Channel& channel);
  void dispatch(const io_uring_cqe& entry);
  void on_receive(Channel& channel, const io_uring_cqe& entry);
  void begin_dropping(Channel& channel, std::size_t bytes);
  void on_drop(Channel& channel, int result);
  void on_send(Channel& channel, int result);
  void on_connect(Channel& channel, int result);
  void set_alarm(TimePoint deadline);
  void close_if_idle(Channel& channel);

  const Duration patience_;
  Ring ring_;
  ReceiveBuffers buffers_;
  std::size_t receives_ = 0;  // that the kernel holds
  std::deque<VectoredSend>
      vectored_sends_;  // vectors of the sends to submit, when the kernel copies them
  std::size_t sends_used_ = 0;
  std::optional<TimePoint> refused_since_;  // the kernel takes no submissions
  TimePoint alarm_ = TimePoint::max();      // when the kernel ends a wait; max: it does not
  __kernel_timespec alarm_time_{};
};

}  // namespace millrace::net
