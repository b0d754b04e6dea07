#pragma once

#include <cstddef>

#include "base/output.h"

namespace millrace::source {

// What -v shows of that which is sent: each command, and content as its length.
class CommandDisplay {
 public:
  // The output begins with the content that a 354 asked for.
  void content_first() { content_first_ = true; }

  // Shows what `out` gained from position `from` on. `secret`: that its text stays unsaid.
  void show(const Output& out, std::size_t from, bool secret);

 private:
  bool content_first_ = false;
};

}  // namespace millrace::source
