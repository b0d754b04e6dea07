#include "net/uring_loop.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "base/diagnostics.h"
#include "base/sanitizer.h"

namespace millrace::net {
namespace {

constexpr unsigned kEntries = 1'024;
// What is received at once where most of what comes is to be dropped: commands.
constexpr int kShortReceive = 4 * 1024;

constexpr unsigned kCompletions = 8'192;

// Until it is asked again after it has refused submissions.
constexpr std::chrono::milliseconds kRefusalPause{1};

// One issuer, and completions only when asked for: Linux 6.1.
constexpr unsigned kSetupFlags =
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;

int set_up(io_uring& ring, unsigned entries, unsigned completions) {
  io_uring_params parameters{};
  parameters.flags = kSetupFlags;
  parameters.cq_entries = completions;
  return io_uring_queue_init_params(entries, &ring, &parameters);
}

}  // namespace

// What a completion is of: the low bits of its user data, the rest being the object.
enum class UringLoop::Operation : std::uint8_t {
  receive,
  drop,  // a receive of bytes that the kernel drops
  send,
  connect,
  watch,
  alarm,
  other
};

namespace {

constexpr std::uint64_t kOperationMask = 7;

template <typename Operation>
std::uint64_t user_data(Operation operation, const void* object) {
  return reinterpret_cast<std::uintptr_t>(object) | static_cast<std::uint64_t>(operation);
}

// What the loop keeps of a stream: the operations that the kernel holds of it.
struct UringState {
  bool connecting = false;
  bool sending = false;
  bool receiving = false;
  bool dropping = false;        // of what is received
  bool cancelling = false;      // of the receive
  bool expects_chunks = false;  // receives are short, so that the next one can be dropped
};

UringState& uring_state(Channel& channel) { return channel.engine_state().as<UringState>(); }

// How much of what comes next the kernel is to drop.
std::size_t droppable(Channel& channel) {
  const std::size_t bytes = channel.droppable();
  if (bytes > 0) uring_state(channel).expects_chunks = true;
  return bytes;
}

}  // namespace

bool io_uring_available() {
  io_uring ring{};
  if (set_up(ring, 8, 16) != 0) return false;
  io_uring_queue_exit(&ring);
  return true;
}

UringLoop::Ring::Ring() : io_uring{} {
  if (const int error = set_up(*this, kEntries, kCompletions); error != 0) {
    throw Fatal(describe_error("io_uring", -error));
  }
}

void UringLoop::Ring::end() {
  if (std::exchange(open_, false)) io_uring_queue_exit(this);
}

UringLoop::UringLoop(ReceiveBuffers::Use use, Duration patience)
    : patience_(patience), buffers_(ring_, use) {}

// The kernel holds the buffers until the ring has ended.
UringLoop::~UringLoop() { ring_.end(); }

// A free submission entry; when all are taken, what is there goes to the kernel first.
io_uring_sqe* UringLoop::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    check(io_uring_submit(&ring_));
    entry = io_uring_get_sqe(&ring_);
  }
  return entry;
}

// What the kernel said to a submission. Short of memory or of room it is asked again for a while;
// any other error would come for ever, as would one of these that has lasted so long.
void UringLoop::check(int result) {
  // What is still in the queue points to its vectors.
  if (io_uring_sq_ready(&ring_) == 0) sends_used_ = 0;
  if (result >= 0 || result == -ETIME || result == -EINTR) {
    refused_since_.reset();
    return;
  }
  const TimePoint time = Clock::now();
  if (!refused_since_) refused_since_ = time;
  const bool passing = result == -EAGAIN || result == -EBUSY;
  if (!passing || time > *refused_since_ + patience_) {
    throw Fatal(describe_error("io_uring", -result));
  }
  // Room comes of taking what is complete. Memory comes with time, and of what completes meanwhile.
  if (result == -EBUSY && io_uring_cq_ready(&ring_) > 0) return;
  std::this_thread::sleep_for(kRefusalPause);
  io_uring_get_events(&ring_);
}

void UringLoop::watch(PollHandle& handle) {
  io_uring_sqe* const entry = next_entry();
  io_uring_prep_poll_add(entry, handle.descriptor(), POLLIN);
  entry->user_data = user_data(Operation::watch, &handle);
}

void UringLoop::wait(const TimePoint* deadline, TimePoint now) {
  if (deadline != nullptr && *deadline <= now) {
    io_uring_cqe* first = nullptr;
    __kernel_timespec none{};
    check(io_uring_submit_and_wait_timeout(&ring_, &first, 1, &none, nullptr));
  } else {
    if (deadline != nullptr && *deadline < alarm_) set_alarm(*deadline);
    check(io_uring_submit_and_wait(&ring_, 1));
  }
  begin_turn();
  std::array<io_uring_cqe*, 256> batch;
  for (;;) {
    const unsigned found = io_uring_peek_batch_cqe(&ring_, batch.data(), batch.size());
    for (unsigned i = 0; i < found; ++i) dispatch(*batch[i]);
    io_uring_cq_advance(&ring_, found);
    if (found < batch.size()) break;
    update_now();  // what follows may have come since
  }
}

// Has the kernel end the wait at `deadline`. The alarm stays set over many waits: a timeout for
// each wait would cost as much as a small send. One that comes too early does no harm.
void UringLoop::set_alarm(TimePoint deadline) {
  const auto since_start = deadline.time_since_epoch();
  alarm_time_.tv_sec = std::chrono::floor<std::chrono::seconds>(since_start).count();
  alarm_time_.tv_nsec = (since_start % std::chrono::seconds(1)).count();
  const bool running = alarm_ != TimePoint::max();
  alarm_ = deadline;
  io_uring_sqe* const entry = next_entry();
  if (running) {
    io_uring_prep_timeout_update(entry, &alarm_time_, user_data(Operation::alarm, nullptr),
                                 IORING_TIMEOUT_ABS);
    entry->user_data = user_data(Operation::other, nullptr);
  } else {
    io_uring_prep_timeout(entry, &alarm_time_, 0, IORING_TIMEOUT_ABS);
    entry->user_data = user_data(Operation::alarm, nullptr);
  }
}

void UringLoop::dispatch(const io_uring_cqe& entry) {
  void* const object = reinterpret_cast<void*>(entry.user_data & ~kOperationMask);
  switch (static_cast<Operation>(entry.user_data & kOperationMask)) {
    case Operation::receive:
      return on_receive(*static_cast<Channel*>(object), entry);
    case Operation::drop:
      return on_drop(*static_cast<Channel*>(object), entry.res);
    case Operation::send:
      return on_send(*static_cast<Channel*>(object), entry.res);
    case Operation::connect:
      return on_connect(*static_cast<Channel*>(object), entry.res);
    case Operation::watch:
      return static_cast<PollHandle*>(object)->on_readable();
    case Operation::alarm:
      alarm_ = TimePoint::max();
      return;
    case Operation::other:
      return;
  }
}

void UringLoop::adopt(Channel& channel) { channel.engine_state().begin<UringState>(); }

void UringLoop::begin_connect(Channel& channel, const SocketAddress& address) {
  channel.engine_state().begin<UringState>().connecting = true;
  io_uring_sqe* const entry = next_entry();
  io_uring_prep_connect(entry, channel.descriptor(), address.get(), address.length);
  entry->user_data = user_data(Operation::connect, &channel);
}

void UringLoop::on_connect(Channel& channel, int result) {
  uring_state(channel).connecting = false;
  if (channel.ended()) return close_if_idle(channel);
  if (result < 0) return channel.failed(-result);
  channel.connected();
}

void UringLoop::begin_reading(Channel& channel) {
  UringState& state = uring_state(channel);
  state.receiving = true;
  const int descriptor = channel.descriptor();
  if (const std::size_t bytes = droppable(channel); bytes > 0)
    return begin_dropping(channel, bytes);
  buffers_.serve(++receives_);
  io_uring_sqe* const entry = next_entry();
  if (state.expects_chunks) {
    // A multishot receive would have brought most of the next chunk before its command is read.
    io_uring_prep_recv(entry, descriptor, nullptr, kShortReceive, 0);
  } else {
    io_uring_prep_recv_multishot(entry, descriptor, nullptr, 0, 0);
  }
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = ReceiveBuffers::kGroup;
  entry->user_data = user_data(Operation::receive, &channel);
}

void UringLoop::begin_dropping(Channel& channel, std::size_t bytes) {
  uring_state(channel).dropping = true;
  io_uring_sqe* const entry = next_entry();
  io_uring_prep_recv(entry, channel.descriptor(), nullptr, bytes, MSG_TRUNC);
  entry->user_data = user_data(Operation::drop, &channel);
}

void UringLoop::on_drop(Channel& channel, int result) {
  UringState& state = uring_state(channel);
  state.receiving = state.cancelling = state.dropping = false;
  channel.reading_ended();
  if (result > 0) {
    traffic_.received += static_cast<std::uint64_t>(result);
    channel.dropped(static_cast<std::uint64_t>(result));
  }
  if (channel.ended()) return close_if_idle(channel);
  if (result == 0) return channel.received_end();
  if (result < 0 && result != -ECANCELED) return channel.failed(-result);
  channel.update_reading();
}

void UringLoop::stop_reading(Channel& channel) {
  if (std::exchange(uring_state(channel).cancelling, true)) return;
  cancel_receive(channel);
}

void UringLoop::cancel_receive(Channel& channel) {
  cancel(channel, uring_state(channel).dropping ? Operation::drop : Operation::receive);
}

void UringLoop::cancel(Channel& channel, Operation operation) {
  io_uring_sqe* const entry = next_entry();
  io_uring_prep_cancel64(entry, user_data(operation, &channel), 0);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  entry->user_data = user_data(Operation::other, nullptr);
}

void UringLoop::on_receive(Channel& channel, const io_uring_cqe& entry) {
  UringState& state = uring_state(channel);
  if ((entry.flags & IORING_CQE_F_MORE) == 0) {
    state.receiving = state.cancelling = false;
    channel.reading_ended();
    --receives_;
  }
  if (entry.res > 0) {
    traffic_.received += static_cast<std::uint64_t>(entry.res);
    channel.received(buffers_.bytes(entry));
  }
  buffers_.recycle(entry);
  if (channel.ended()) return close_if_idle(channel);
  switch (-entry.res) {
    case 0:
      return channel.received_end();
    case ECANCELED:  // stop_reading()
    case ENOBUFS:    // a burst took all buffers: ask again, they are back by then
      return channel.update_reading();
    default:
      if (entry.res < 0) return channel.failed(-entry.res);
      // What fills a short receive and is no chunk is content of DATA: large receives again.
      if (entry.res == kShortReceive && !state.dropping) state.expects_chunks = false;
      // The rest of a chunk is dropped rather than received.
      if (state.receiving && !state.dropping && droppable(channel) > 0) {
        return stop_reading(channel);
      }
      return channel.update_reading();
  }
}

void UringLoop::begin_write(Channel& channel) {
  channel.put_in_flight();
  submit_write(channel);
}

void UringLoop::submit_write(Channel& channel) {
  uring_state(channel).sending = true;
  io_uring_sqe* const entry = next_entry();
  if (sends_used_ == vectored_sends_.size()) vectored_sends_.emplace_back();
  VectoredSend& vectored = vectored_sends_[sends_used_];
  vectored.fill(channel.in_flight());
  const int descriptor = channel.descriptor();
  if (vectored.single()) {
    io_uring_prep_send(entry, descriptor, vectored.vectors[0].iov_base, vectored.vectors[0].iov_len,
                       MSG_NOSIGNAL);
  } else {
    ++sends_used_;
    io_uring_prep_sendmsg(entry, descriptor, &vectored.header, MSG_NOSIGNAL);
  }
  entry->user_data = user_data(Operation::send, &channel);
}

void UringLoop::on_send(Channel& channel, int result) {
  uring_state(channel).sending = false;
  if (result > 0) {
    traffic_.sent += static_cast<std::uint64_t>(result);
    channel.written(static_cast<std::size_t>(result));  // even of one that has ended: it has left
  }
  if (channel.ended()) return close_if_idle(channel);
  if (result < 0) return channel.failed(-result);
  if (!channel.in_flight().empty()) return submit_write(channel);
  if (channel.fill_queue()) return begin_write(channel);
  channel.all_written();
}

void UringLoop::begin_close(Channel& channel) {
  const UringState& state = uring_state(channel);
  if (state.receiving) cancel_receive(channel);
  if (state.sending) cancel(channel, Operation::send);
  if (state.connecting) cancel(channel, Operation::connect);
  if (FileDescriptor socket = channel.take_socket(); socket.valid()) {
    io_uring_sqe* const entry = next_entry();
    closed_by_kernel(socket.descriptor());
    io_uring_prep_close(entry, socket.release());
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = user_data(Operation::other, nullptr);
  }
  close_if_idle(channel);
}

void UringLoop::close_if_idle(Channel& channel) {
  const UringState& state = uring_state(channel);
  if (!state.receiving && !state.sending && !state.connecting) channel.closed();
}

}  // namespace millrace::net
