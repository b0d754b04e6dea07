#pragma once

#include "net/socket.h"

namespace millrace::net {

// Blocks SIGINT and SIGTERM in this thread and in those that it will start, and ignores SIGPIPE.
void block_ending_signals();

// Ends the program as `signal` would have, had it not been blocked.
[[noreturn]] void end_by(int signal);

// SIGINT and SIGTERM, which must be blocked, to be waited for.
class EndingSignals {
 public:
  // Throws Fatal when there is no descriptor left.
  EndingSignals();

  // Readable when one has come.
  [[nodiscard]] int descriptor() const { return signals_.descriptor(); }

  // Takes one that has come; 0 when there is none.
  int take();

 private:
  FileDescriptor signals_;
};

}  // namespace millrace::net
