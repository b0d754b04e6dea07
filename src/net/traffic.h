#pragma once

#include <cstdint>

namespace millrace::net {

// Bytes that a loop's streams moved, as they were on the wire.
struct Traffic {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

}  // namespace millrace::net
