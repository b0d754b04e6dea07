#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <thread>
#include <utility>

#include "base/file_descriptor.h"

namespace millrace::http {

// A thread for each client that is there. Of one thread, but for failed().
class ClientThreads {
 public:
  // Serves one client, on a thread of its own.
  using Serve = std::function<void(const FileDescriptor& socket)>;

  explicit ClientThreads(Serve serve) : serve_(std::move(serve)) {}
  ClientThreads(const ClientThreads&) = delete;
  ClientThreads& operator=(const ClientThreads&) = delete;
  ~ClientThreads() { join(); }

  // How many there are.
  std::size_t count();

  // Takes `socket` and has it served. False: no thread or no memory is left, and it is still the
  // caller's. What serving throws closes that client alone.
  bool begin(FileDescriptor& socket);

  // Waits until all are over.
  void join();

  // How many could not be served, so or so. The first is told.
  [[nodiscard]] std::uint64_t failed() const { return failed_; }

 private:
  struct Client {
    FileDescriptor socket;
    std::atomic<bool> over = false;
    std::thread thread;
  };

  void attend(Client& client);
  void fail(const char* why);

  const Serve serve_;
  std::list<Client> clients_;
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace millrace::http
