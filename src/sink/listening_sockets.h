#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "sink/listener.h"
#include "sink/options.h"

namespace millrace::sink {

// What a worker accepts from: a socket, which stays its owner's, and whose it is.
struct ListeningSocket {
  int descriptor;
  const OpenListener& listener;
};

// The sockets of all listeners of a sink.
class ListeningSockets {
 public:
  // Listens at all of `listeners`, which must outlive this. Throws Fatal where that cannot be, as
  // where another program listens there, and where two of them want the same address.
  ListeningSockets(const SinkOptions& options, const std::vector<OpenListener>& listeners);

  // Those of a worker, from 0 on: its own with TCP, the same as the others' with unix paths.
  [[nodiscard]] std::vector<ListeningSocket> of_worker(unsigned worker) const;
  // Where they listen, each with the namespace in which it is an address, so that of this machine
  // no other program does. None of those of which the kernel does not say so.
  [[nodiscard]] std::vector<std::string> addresses() const;

 private:
  struct Owned {
    FileDescriptor socket;
    const OpenListener& listener;
    std::optional<unsigned> worker;  // nothing: all of them
  };

  std::vector<Owned> sockets_;
};

}  // namespace millrace::sink
