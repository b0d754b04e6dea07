#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/socket.h"
#include "source/run.h"
#include "source/trouble.h"

namespace millrace::source {

// A socket to connect by, or why there is none.
struct OpenedSocket {
  enum class Fault : std::uint8_t {
    none,
    socket,  // the system has none
    bind,    // `source` is not to be had, which no other try will change
    pool,    // all that may be bound to is in use
  };

  FileDescriptor socket;  // valid without a fault
  Fault fault = Fault::none;
  int error = 0;                                  // that says why: an errno value
  std::optional<net::SocketAddress> source = {};  // that could not be bound to
};

// The ways to the server for one connection, good client or not: the server's addresses in turn,
// each from the addresses and ports of the pool, until one was gone or all have failed.
class Route {
 public:
  // The run must outlive the route.
  explicit Route(Run& run) : run_(run) {}

  // A new connection is wanted.
  void begin() { address_ = ports_tried_ = 0; }

  // The address that is to be connected to.
  [[nodiscard]] const net::SocketAddress& address() const { return run_.addresses()[address_]; }

  // A socket for it, bound where there is a pool. `flags`: of the loop (EventLoop::socket_flags()).
  [[nodiscard]] OpenedSocket open(int flags, const net::SocketOptions& options);
  // What is wrong, where there is none.
  [[nodiscard]] static Trouble trouble(const OpenedSocket& opened, std::string_view where);

  // A connect failed with `error`, an errno value. Whether there is a port or an address that has
  // not been tried: it is the next.
  bool another(int error);

  // What goes ahead of the dialogue where the PROXY protocol is asked for: whose connection it is,
  // the one of this number, which came from `local`.
  [[nodiscard]] std::string proxy_header(std::uint64_t connection,
                                         const net::SocketAddress& local) const;

 private:
  void bind(OpenedSocket& opened);
  bool another_port();

  Run& run_;
  std::size_t address_ = 0;
  std::uint64_t ports_tried_ = 0;  // that were taken
};

}  // namespace millrace::source
