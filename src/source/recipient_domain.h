#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/output.h"
#include "smtp/message_source.h"

namespace millrace::source {

// Reads the domains of recipients out of their RCPT commands, in small letters: a domain differs
// from another in no other way (RFC 5321, 2.4). Storage is kept for the next one.
class RecipientDomain {
 public:
  // "(none)" where the address has none. Valid until the next call.
  std::string_view of(const smtp::MessageSource& messages, std::uint64_t message,
                      std::size_t recipient);

 private:
  Output command_;
  std::string name_;
};

}  // namespace millrace::source
