// net/ moves bytes: endpoints, sockets, streams, timers and the event loop with its two
// engines. It knows nothing of SMTP, of messages or of options.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace millrace::net {

inline constexpr std::uint64_t kLastPort = 65'535;

// The address of a socket: IPv4, IPv6 or unix.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  // The IPv4 or IPv6 address of 4 or 16 bytes in network order.
  static SocketAddress from_bytes(std::string_view bytes, std::uint16_t port);
  // Those bytes, within this object; empty for a unix socket.
  [[nodiscard]] std::string_view bytes() const;
  // The same; of an IPv4 address that came over IPv6, those of IPv4.
  [[nodiscard]] std::string_view plain_bytes() const;
  // 0 for a unix socket.
  [[nodiscard]] std::uint16_t port() const;
  void port(std::uint16_t port);
  // "127.0.0.1", "::1", or "local" for a unix socket.
  [[nodiscard]] std::string host() const;
  // "[127.0.0.1]:25", "[::1]:25", or the path of a unix socket.
  [[nodiscard]] std::string text() const;
};

// What is set on each socket.
struct SocketOptions {
  std::optional<int> window;    // -T: SO_RCVBUF and SO_SNDBUF in bytes; caps the TCP window
  bool reset_on_close = false;  // closing sends RST and so leaves no TIME_WAIT behind
};

// Sets `options`, and TCP_NODELAY where it applies.
void configure(const FileDescriptor& socket, int family, const SocketOptions& options);

// Has the kernel reset the connection when the socket is closed.
void reset_on_close(const FileDescriptor& socket);

// What is known of a connected peer without reading.
enum class PeerState : std::uint8_t {
  there,     // for all that is known
  finished,  // it sends no more, and nothing that it sent is unread; it may still read
  gone,      // it has reset the connection, or closed a unix socket: it takes nothing any more
};
PeerState peer_state(const FileDescriptor& socket);

// A listening socket. `share`: where another one let_share() its address (SO_REUSEPORT), so that
// each worker listens for itself.
// Who connects there by TCP and has gone without a word is reset after a few minutes
// (SO_KEEPALIVE), and so is who has closed, which nobody can tell from a client that still reads.
// Throws Fatal naming the address.
FileDescriptor listen_on(const SocketAddress& address, int backlog, bool share,
                         const SocketOptions& options);

// From now on those that this user opens with `share` may listen at the address of `listening` too.
// It has it for itself by then: a program that comes later is refused, and so is one that wants it
// at the same moment.
void let_share(const FileDescriptor& listening);

// Whether this system has sockets of the family at all (IPv6 may be switched off).
bool family_supported(int family);

// The address that `socket` is bound to.
SocketAddress local_address(const FileDescriptor& socket);

// How many descriptors are open, or the lowest that is free: numbers are given out from the lowest
// on. Unlike a look into /proc it can be had in any root directory.
std::size_t open_descriptors();

// Raises this process's limit of open descriptors to what it may have; returns that limit.
std::size_t raise_descriptor_limit();

}  // namespace millrace::net
