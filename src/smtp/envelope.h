#pragma once

#include <cstddef>
#include <cstdint>

#include "base/output.h"
#include "smtp/extension.h"

namespace millrace::smtp {

// The messages that a client session sends, told apart by number. Each call appends bytes that
// are ready for the wire, and none may change what an earlier call said of the same message.
class Envelope {
 public:
  virtual ~Envelope() = default;

  // The number of recipients of each message, at least one.
  [[nodiscard]] virtual std::size_t recipients() const = 0;

  // The XFORWARD command, with its CR LF; nothing when none is sent.
  virtual void append_xforward(std::uint64_t message, Output& out) const = 0;

  // The MAIL command, with its CR LF. `used`: the extensions that it may make use of.
  virtual void append_mail(std::uint64_t message, ExtensionSet used, Output& out) const = 0;

  // The RCPT command of recipient number `recipient`, counted from 0, with its CR LF.
  virtual void append_rcpt(std::uint64_t message, std::size_t recipient, ExtensionSet used,
                           Output& out) const = 0;

  // The content for DATA: with its end mark, dots doubled.
  virtual void append_content(std::uint64_t message, Output& out) const = 0;

  // The content for BDAT, as it is: its size, and `length` bytes of it from `offset` on.
  [[nodiscard]] virtual std::uint64_t content_size(std::uint64_t message) const = 0;
  virtual void append_chunk(std::uint64_t message, std::uint64_t offset, std::uint64_t length,
                            Output& out) const = 0;
};

}  // namespace millrace::smtp
