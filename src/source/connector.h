#pragma once

#include <cstddef>
#include <cstdint>

#include "net/socket.h"
#include "source/run.h"

namespace millrace::source {

// The way of one session to its connection: the server's addresses in turn, from the addresses and
// ports of the pool, again after a while when all have failed, and at last not at all.
class Connector {
 public:
  explicit Connector(Run& run) : run_(run) {}

  // Forgets what was tried before.
  void reset() { address_ = attempts_ = ports_tried_ = 0; }

  // The address to connect to.
  [[nodiscard]] const net::SocketAddress& address() const { return run_.addresses()[address_]; }

  // A socket for that, which may be bound; invalid, with errno, when there is none left. `flags`:
  // as for socket(2). Ends the run when the pool cannot be bound to.
  FileDescriptor open(int flags);

  // What a failed try leads to.
  enum class Retry : std::uint8_t {
    at_once,  // another address or port
    patient,  // the same again: it was only too early
    again,    // the same again
    give_up,  // there were as many attempts as there may be
  };
  Retry failed(int error);

 private:
  bool bind(const FileDescriptor& socket);
  bool another_port();

  Run& run_;
  std::size_t address_ = 0;
  std::uint64_t attempts_ = 0;     // that have failed
  std::uint64_t ports_tried_ = 0;  // that were taken
};

}  // namespace millrace::source
