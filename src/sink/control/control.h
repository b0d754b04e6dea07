#pragma once

#include "http/server.h"
#include "sink/control/api.h"

namespace millrace::sink {

// The side door of a running sink: open while this lives.
class Control {
 public:
  // `server` must outlive this, and so must all that it tells of. Throws Fatal.
  Control(http::Server& server, const Api::Parts& parts) : server_(server), api_(parts) {
    server_.start([this](const http::Request& request) { return api_.answer(request); });
  }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control() {
    api_.end();
    server_.stop();
  }

 private:
  http::Server& server_;
  Api api_;
};

}  // namespace millrace::sink
