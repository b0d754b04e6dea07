#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cache_line.h"
#include "net/socket.h"

namespace millrace::net {

// The address that `text` writes in numbers (IPv4 or IPv6, no brackets), with this port; nothing
// when it is none.
std::optional<SocketAddress> numeric_address(std::string_view text, std::uint16_t port);

// A block of addresses, as "10.0.0.0/8", "::1", or "unix" for unix sockets.
class Network {
 public:
  // Throws Fatal naming `text`.
  explicit Network(std::string_view text);

  // IPv4 addresses that came over IPv6 count as IPv4.
  [[nodiscard]] bool contains(const SocketAddress& address) const;

 private:
  int family_;
  std::string bytes_;
  unsigned prefix_ = 0;  // bits
};

// Whether one of the networks contains the address.
bool contains(const std::vector<Network>& networks, const SocketAddress& address);

// The local addresses that a client connects from, in turn.
class AddressPool {
 public:
  // `addresses`: each as "127.0.0.2", "127.0.0.2-127.0.0.9" or "::1". `ports`: "20000-29999" or one
  // port; empty: the system chooses. Throws Fatal naming what is wrong.
  AddressPool(const std::vector<std::string>& addresses, std::string_view ports);

  // The next one of the family; nothing when the pool has none. All threads share the turn.
  std::optional<SocketAddress> next(int family);
  // How many addresses there are, of whatever family, and whether they have ports.
  [[nodiscard]] std::size_t addresses() const { return addresses_.size(); }
  [[nodiscard]] bool has_ports() const { return first_port_ != 0; }
  // How many different ones there are.
  [[nodiscard]] std::uint64_t size() const { return addresses_.size() * port_count_; }

 private:
  void add_range(std::string_view range);

  std::vector<SocketAddress> addresses_;
  std::uint16_t first_port_ = 0;  // 0: the system's choice
  std::uint64_t port_count_ = 1;
  alignas(kCacheLine) std::atomic<std::uint64_t> turn_{0};
};

// Binds a socket that is to connect. Without a port of its own the choice is left until the
// connect, when the system knows both ends and can use a port many times
// (IP_BIND_ADDRESS_NO_PORT). Returns 0 or the errno value.
int bind_source(const FileDescriptor& socket, const SocketAddress& address);

}  // namespace millrace::net
