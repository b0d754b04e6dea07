#pragma once

#include <httplib.h>

#include "base/file_descriptor.h"
#include "http/access.h"
#include "http/connection_stream.h"
#include "http/exchange.h"

namespace millrace::http {

// One client: cpp-httplib reads its requests and writes what the handler has for them. A server of
// the library's for each connection, since what is read of a request, and by when, is a
// connection's.
class Connection final : private httplib::Server {
 public:
  // How long a client may stay that asks for nothing, and how often it may ask.
  static constexpr std::chrono::seconds kIdleLimit{5};
  static constexpr int kMostRequests = 1000;

  // All must outlive this. `end`: as ConnectionStream has it.
  Connection(const FileDescriptor& socket, const FileDescriptor& end, const Access& access,
             const http::Handler& handler);

  // Until it is over.
  void serve();

 private:
  void check(httplib::Request& request);
  void answer(const httplib::Request& from, httplib::Response& to);
  void write_refusal(const Response& response);

  ConnectionStream stream_;
  const Access& access_;
  const http::Handler& handler_;
  bool failed_ = false;  // what of a request is unread nobody knows
};

}  // namespace millrace::http
