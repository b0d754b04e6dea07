#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/cache_line.h"
#include "net/socket.h"

namespace millrace::net {

// The ports that the system has for connections, one after the other. Left to itself the kernel
// looks for one that is free to the same server, which takes the longer the more are in use: with
// 19,000 connections from one address that is most of a connect. Told which one to try
// (IP_LOCAL_PORT_RANGE, Linux 6.3), it looks at that one only.
class LocalPorts {
 public:
  // Begins anywhere in the system's range, so that two processes seldom meet.
  LocalPorts();

  // Has the connect of `socket` use the next port or fail with EADDRNOTAVAIL. `addresses`: from so
  // many in turn, each of which has every port. Without effect before Linux 6.3.
  void choose(const FileDescriptor& socket, std::size_t addresses);

  // How many there are, from each address.
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::uint64_t first_;
  std::uint64_t count_;
  alignas(kCacheLine) std::atomic<std::uint64_t> turn_;
};

}  // namespace millrace::net
