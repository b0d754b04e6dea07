#pragma once

#include <httplib.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "base/file_descriptor.h"
#include "base/time.h"

namespace millrace::http {

// How cpp-httplib reads and writes a connection: nobody who is slow, or who says nothing, holds a
// thread for longer than this allows, and none outlasts the end of the server.
class ConnectionStream final : public httplib::Stream {
 public:
  // From the first byte of a request to its last, and from there to the last of the response, but
  // for one without an end, which has a limit for each piece.
  static constexpr std::chrono::seconds kRequestLimit{10};
  static constexpr std::chrono::seconds kResponseLimit{60};
  static constexpr std::chrono::seconds kPieceLimit{10};
  // Of a request until its body is allowed.
  static constexpr std::size_t kLargestHeader = 1 << 16;

  // `end`: becomes readable, and stays so, when the server is to end. Both must outlive this.
  ConnectionStream(const FileDescriptor& socket, const FileDescriptor& end)
      : socket_(socket), end_(end) {}

  // Waits until another request begins, so long at most. False: none does.
  bool await_request(Duration limit);
  // Of a request whose header was read so much may follow.
  void allow_body(std::size_t most) { bytes_left_ += most; }
  // It was read: the response begins. `endless`: it has no end.
  void begin_response(bool endless);
  // Takes and forgets what a client still sends that is to be closed, for a moment: else it might
  // never see what it was told.
  void linger();

  [[nodiscard]] bool is_readable() const override { return unread() > 0 || wait(POLLIN); }
  [[nodiscard]] bool is_writable() const override { return wait(POLLOUT); }
  ssize_t read(char* bytes, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  // Its number may be one that select(2) cannot have: nobody is to use it.
  [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }

 private:
  [[nodiscard]] bool wait(short events) const;
  [[nodiscard]] std::size_t unread() const { return filled_ - taken_; }
  bool fill();

  const FileDescriptor& socket_;
  const FileDescriptor& end_;
  TimePoint limit_;
  bool endless_ = false;
  std::size_t bytes_left_ = 0;  // of the request
  std::array<char, 4096> buffer_{};
  std::size_t filled_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace millrace::http
