#pragma once

#include <array>
#include <cstdint>

#include "sink/rules/facts.h"
#include "sink/rules/windows.h"

namespace millrace::sink::rules {

// One session that counts as open (`sessions_over`) as long as this lives.
class OpenSession {
 public:
  // `windows` must outlive this.
  OpenSession(Windows& windows, const Facts& facts);
  OpenSession(const OpenSession&) = delete;
  OpenSession& operator=(const OpenSession&) = delete;
  ~OpenSession();

  // It is another client's from now on (XCLIENT).
  void client_is(const Facts& facts);

 private:
  void end();

  Windows& windows_;
  std::array<std::uint64_t, 3> keys_;  // of the client, the listener and all
};

}  // namespace millrace::sink::rules
