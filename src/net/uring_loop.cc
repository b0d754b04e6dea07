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

namespace millrace::net {
namespace {

constexpr unsigned kEntries = 1'024;
// What is received at once where most of what comes is to be dropped: commands.
constexpr int kShortReceive = 4 * 1024;

constexpr unsigned kCompletions = 8'192;

// How long the kernel may refuse submissions for want of memory.
constexpr std::chrono::seconds kPatience{10};
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

UringLoop::UringLoop(ReceiveBuffers::Use use) : buffers_(ring_, use) {}

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
  if (!passing || time > *refused_since_ + kPatience) {
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
      return on_receive(*static_cast<Stream*>(object), entry);
    case Operation::drop:
      return on_drop(*static_cast<Stream*>(object), entry.res);
    case Operation::send:
      return on_send(*static_cast<Stream*>(object), entry.res);
    case Operation::connect:
      return on_connect(*static_cast<Stream*>(object), entry.res);
    case Operation::watch:
      return static_cast<PollHandle*>(object)->on_readable();
    case Operation::alarm:
      alarm_ = TimePoint::max();
      return;
    case Operation::other:
      return;
  }
}

void UringLoop::adopt(Stream& stream) {
  stream.reading_ = stream.writing_ = stream.cancelling_ = stream.dropping_now_ = false;
}

void UringLoop::begin_connect(Stream& stream, const SocketAddress& address) {
  stream.connecting_ = true;
  io_uring_sqe* const entry = next_entry();
  io_uring_prep_connect(entry, stream.socket_.descriptor(), address.get(), address.length);
  entry->user_data = user_data(Operation::connect, &stream);
}

void UringLoop::on_connect(Stream& stream, int result) {
  stream.connecting_ = false;
  if (stream.ended()) return retire_if_idle(stream);
  if (result < 0) return stream.end(-result);
  stream.connected();
}

void UringLoop::begin_reading(Stream& stream) {
  stream.reading_ = true;
  const int descriptor = stream.socket_.descriptor();
  if (const std::size_t bytes = stream.droppable(); bytes > 0) return begin_dropping(stream, bytes);
  buffers_.serve(++receives_);
  io_uring_sqe* const entry = next_entry();
  if (stream.dropping_ == Stream::Dropping::possible) {
    // A multishot receive would have brought most of the next chunk before its command is read.
    io_uring_prep_recv(entry, descriptor, nullptr, kShortReceive, 0);
  } else {
    io_uring_prep_recv_multishot(entry, descriptor, nullptr, 0, 0);
  }
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = ReceiveBuffers::kGroup;
  entry->user_data = user_data(Operation::receive, &stream);
}

void UringLoop::begin_dropping(Stream& stream, std::size_t bytes) {
  stream.dropping_now_ = true;
  io_uring_sqe* const entry = next_entry();
  io_uring_prep_recv(entry, stream.socket_.descriptor(), nullptr, bytes, MSG_TRUNC);
  entry->user_data = user_data(Operation::drop, &stream);
}

void UringLoop::on_drop(Stream& stream, int result) {
  stream.reading_ = stream.cancelling_ = stream.dropping_now_ = false;
  if (result > 0) {
    traffic_.received += static_cast<std::uint64_t>(result);
    stream.dropped(static_cast<std::uint64_t>(result));
  }
  if (stream.ended()) return retire_if_idle(stream);
  if (result == 0) return stream.received_end();
  if (result < 0 && result != -ECANCELED) return stream.end(-result);
  stream.update_reading();
}

void UringLoop::stop_reading(Stream& stream) {
  if (stream.cancelling_) return;
  stream.cancelling_ = true;
  cancel(stream, stream.dropping_now_ ? Operation::drop : Operation::receive);
}

void UringLoop::cancel(Stream& stream, Operation operation) {
  io_uring_sqe* const entry = next_entry();
  io_uring_prep_cancel64(entry, user_data(operation, &stream), 0);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  entry->user_data = user_data(Operation::other, nullptr);
}

void UringLoop::on_receive(Stream& stream, const io_uring_cqe& entry) {
  if ((entry.flags & IORING_CQE_F_MORE) == 0) {
    stream.reading_ = stream.cancelling_ = false;
    --receives_;
  }
  if (entry.res > 0) {
    traffic_.received += static_cast<std::uint64_t>(entry.res);
    stream.received(buffers_.bytes(entry));
  }
  buffers_.recycle(entry);
  if (stream.ended()) return retire_if_idle(stream);
  switch (-entry.res) {
    case 0:
      return stream.received_end();
    case ECANCELED:  // stop_reading()
    case ENOBUFS:    // a burst took all buffers: ask again, they are back by then
      return stream.update_reading();
    default:
      if (entry.res < 0) return stream.end(-entry.res);
      // What fills a short receive and is no chunk is content of DATA: large receives again.
      if (entry.res == kShortReceive && !stream.dropping_now_) {
        stream.dropping_ = Stream::Dropping::not_asked;
      }
      // The rest of a chunk is dropped rather than received.
      if (stream.reading_ && !stream.dropping_now_ && stream.droppable() > 0) {
        return stop_reading(stream);
      }
      return stream.update_reading();
  }
}

void UringLoop::begin_write(Stream& stream) {
  std::swap(stream.queued_, stream.sending_);
  stream.writing_ = true;
  submit_write(stream);
}

void UringLoop::submit_write(Stream& stream) {
  io_uring_sqe* const entry = next_entry();
  if (sends_used_ == vectored_sends_.size()) vectored_sends_.emplace_back();
  VectoredSend& vectored = vectored_sends_[sends_used_];
  vectored.fill(stream.sending_);
  const int descriptor = stream.socket_.descriptor();
  if (vectored.single()) {
    io_uring_prep_send(entry, descriptor, vectored.vectors[0].iov_base, vectored.vectors[0].iov_len,
                       MSG_NOSIGNAL);
  } else {
    ++sends_used_;
    io_uring_prep_sendmsg(entry, descriptor, &vectored.header, MSG_NOSIGNAL);
  }
  entry->user_data = user_data(Operation::send, &stream);
}

void UringLoop::on_send(Stream& stream, int result) {
  stream.writing_ = false;
  if (stream.ended()) return retire_if_idle(stream);
  if (result < 0) return stream.end(-result);
  traffic_.sent += static_cast<std::uint64_t>(result);
  stream.sending_.consume(static_cast<std::size_t>(result));
  stream.last_progress_ = now();
  if (!stream.sending_.empty()) {
    stream.writing_ = true;
    return submit_write(stream);
  }
  if (stream.fill_queue()) return begin_write(stream);
  stream.sent();
}

void UringLoop::begin_close(Stream& stream) {
  if (stream.reading_) {
    cancel(stream, stream.dropping_now_ ? Operation::drop : Operation::receive);
  }
  if (stream.writing_) cancel(stream, Operation::send);
  if (stream.connecting_) cancel(stream, Operation::connect);
  if (stream.socket_.valid()) {
    io_uring_sqe* const entry = next_entry();
    io_uring_prep_close(entry, stream.socket_.release());
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = user_data(Operation::other, nullptr);
  }
  retire_if_idle(stream);
}

void UringLoop::retire_if_idle(Stream& stream) {
  if (stream.reading_ || stream.writing_ || stream.connecting_) return;
  retire(stream);
}

}  // namespace millrace::net
