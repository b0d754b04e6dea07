#pragma once

#include <cstdint>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "http/access.h"
#include "http/client_threads.h"
#include "http/exchange.h"
#include "net/endpoint.h"

namespace millrace::http {

// So many clients are served at a time, each on a thread of its own. Those beyond are told so.
inline constexpr std::size_t kMostConnections = 256;

// Answers HTTP/1.1 on threads of its own.
class Server {
 public:
  // Listens from here on, so that rights may be given up. Throws Fatal.
  Server(const net::Endpoint& endpoint, Access access);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { stop(); }

  // Begins to answer. Throws Fatal where there is no thread left.
  void start(Handler handler);
  // Ends, whatever its clients do: all that its threads wait for is over at once, except for the
  // handler.
  void stop();

  // From any thread: how many clients found no thread, or no memory, and were closed. The first is
  // told on standard error.
  [[nodiscard]] std::uint64_t failed() const { return clients_.failed(); }

  // Where it listens.
  [[nodiscard]] std::vector<net::SocketAddress> addresses() const;

 private:
  void accept_clients();
  void accept_one(const FileDescriptor& listening);

  const Access access_;
  Handler handler_;
  FileDescriptor end_;  // an eventfd: readable once it is to end
  std::vector<FileDescriptor> listening_;
  std::thread accepting_;
  ClientThreads clients_;  // of the thread that accepts; then of the one that ends it
};

}  // namespace millrace::http
