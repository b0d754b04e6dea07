#include "http/connection_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace millrace::http {
namespace {

// What is taken from a client that is to be closed.
constexpr std::size_t kMostLingering = 8 << 20;
constexpr std::chrono::seconds kLingerLimit{2};

int milliseconds_to(TimePoint limit) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

// False: the time is up, or the server ends.
bool ConnectionStream::wait(short events) const {
  const TimePoint limit = endless_ ? Clock::now() + kPieceLimit : limit_;
  for (;;) {
    std::array<pollfd, 2> wanted{pollfd{socket_.descriptor(), events, 0},
                                 pollfd{end_.descriptor(), POLLIN, 0}};
    const int ready = poll(wanted.data(), wanted.size(), milliseconds_to(limit));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && wanted[1].revents == 0;
  }
}

bool ConnectionStream::fill() {
  if (!wait(POLLIN)) return false;
  const ssize_t length = recv(socket_.descriptor(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  taken_ = 0;
  filled_ = length > 0 ? static_cast<std::size_t>(length) : 0;
  return length > 0;
}

bool ConnectionStream::await_request(Duration limit) {
  endless_ = false;
  limit_ = Clock::now() + limit;
  if (unread() == 0 && !fill()) return false;
  limit_ = Clock::now() + kRequestLimit;
  bytes_left_ = kLargestHeader;
  return true;
}

void ConnectionStream::begin_response(bool endless) {
  endless_ = endless;
  limit_ = Clock::now() + kResponseLimit;
}

void ConnectionStream::linger() {
  shutdown(socket_.descriptor(), SHUT_WR);
  endless_ = false;
  limit_ = Clock::now() + kLingerLimit;
  for (std::size_t taken = 0; taken < kMostLingering && fill(); taken += filled_) continue;
}

ssize_t ConnectionStream::read(char* bytes, std::size_t size) {
  const std::size_t most = std::min(size, bytes_left_);
  if (most == 0 || (unread() == 0 && !fill())) return -1;
  const std::size_t length = std::min(most, unread());
  std::memcpy(bytes, buffer_.data() + taken_, length);
  taken_ += length;
  bytes_left_ -= length;
  return static_cast<ssize_t>(length);
}

ssize_t ConnectionStream::write(const char* bytes, std::size_t size) {
  if (!wait(POLLOUT)) return -1;
  return send(socket_.descriptor(), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace millrace::http
