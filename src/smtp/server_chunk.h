#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "smtp/mail_parameters.h"
#include "smtp/server_policy.h"

namespace millrace::smtp {

// One BDAT command on its way through a server (RFC 3030, 2): what it announces, how much of its
// content is still to come, and what is decided about it. Its content is read even when the
// command is refused, so that it is never taken for commands.
class ServerChunk {
 public:
  // Begins with the arguments "1024" or "1024 LAST". False when the count cannot be read: then
  // nothing tells where the content ends and the next command begins.
  bool begin(std::string_view arguments);

  // Returns as much of the front of `bytes` as belongs to the chunk.
  std::string_view take(std::string_view bytes);
  // So many of its bytes, at most left(), have come and gone.
  void skip(std::uint64_t bytes) { chunk_.size -= bytes; }

  [[nodiscard]] std::uint64_t left() const { return chunk_.size; }
  [[nodiscard]] bool last() const { return chunk_.last; }
  // Something else than LAST stands behind the count.
  [[nodiscard]] bool malformed() const { return chunk_.malformed; }

  std::string_view refusal;  // the reply that is due after the content; empty: it is taken
  bool answered = false;     // the reply went ahead of the content
  Decision decision;         // the policy's, asked for when the command came

 private:
  Chunk chunk_;  // of which `size` is still to come
};

}  // namespace millrace::smtp
