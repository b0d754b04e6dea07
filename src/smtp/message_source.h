#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/output.h"
#include "smtp/extension.h"

namespace millrace::smtp {

// Where the messages come from that a client session sends. Each is asked for by its number in the
// run, and what is said of a message follows from the run and that number: it can be asked for in
// any order, and again after a loss, and the answer is the same.
//
// What is appended is ready for the wire. A body is shared by all who send it and never copied: the
// output borrows it, so bodies outlive the sessions that send them.
class MessageSource {
 public:
  virtual ~MessageSource() = default;

  // What kind of message it is, by name; empty where there are no kinds. The name lasts as long as
  // the run.
  [[nodiscard]] virtual std::string_view kind(std::uint64_t /*message*/) const { return {}; }

  // The number of the message's recipients, at least one.
  [[nodiscard]] virtual std::size_t recipients(std::uint64_t message) const = 0;

  // What recipients() never exceeds: the next message's number is not known before it is taken.
  [[nodiscard]] virtual std::size_t most_recipients() const = 0;

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
