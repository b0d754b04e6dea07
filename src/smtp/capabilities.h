#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smtp/extension.h"

namespace millrace::smtp {

// What a server says of itself in its reply to EHLO or LHLO (RFC 5321, 4.1.1.1).
struct Capabilities {
  ExtensionSet extensions;
  std::string auth_mechanisms;  // separated by blanks (RFC 4954)
  // RFC 9422; 0: not stated.
  std::uint64_t mail_limit = 0;       // transactions a session
  std::uint64_t recipient_limit = 0;  // recipients a transaction
};

// Reads the text of a reply whose lines are separated by LF (see Reply). The first line is the
// server's name; what is unknown or malformed is passed over.
Capabilities parse_capabilities(std::string_view reply);

}  // namespace millrace::smtp
