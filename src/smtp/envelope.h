#pragma once

#include <cstddef>

#include "base/output.h"

namespace millrace::smtp {

// One message as the client session sends it. Each call appends bytes that are ready for the
// wire.
class Envelope {
 public:
  virtual ~Envelope() = default;

  // The MAIL command, with its CR LF.
  virtual void append_mail(Output& out) const = 0;

  // The number of recipients, at least one.
  [[nodiscard]] virtual std::size_t recipients() const = 0;

  // The RCPT command of recipient number `recipient`, counted from 0, with its CR LF.
  virtual void append_rcpt(std::size_t recipient, Output& out) const = 0;

  // The content with its end mark, dots doubled.
  virtual void append_content(Output& out) const = 0;
};

}  // namespace millrace::smtp
