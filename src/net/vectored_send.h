#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>

#include "base/output.h"

namespace millrace::net {

// The pieces of an output queue in the form that sendmsg() takes. Neither copied nor moved:
// the header points into it.
struct VectoredSend {
  static constexpr std::size_t kPieces = 32;

  explicit VectoredSend(const Output& output) { fill(output); }
  VectoredSend() = default;
  VectoredSend(const VectoredSend&) = delete;
  VectoredSend& operator=(const VectoredSend&) = delete;

  void fill(const Output& output);

  // One piece needs no vector: send() takes it, and costs less than sendmsg().
  [[nodiscard]] bool single() const { return header.msg_iovlen == 1; }

  msghdr header{};
  std::array<iovec, kPieces> vectors;
};

}  // namespace millrace::net
