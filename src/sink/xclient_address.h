#pragma once

#include <optional>
#include <string_view>

#include "net/socket.h"

namespace millrace::sink {

// The address that XCLIENT gives as ADDR: "192.0.2.1" or "IPV6:2001:db8::1", in any case (Postfix's
// XCLIENT_README); nothing for "[UNAVAILABLE]" and what is none.
std::optional<net::SocketAddress> xclient_address(std::string_view value);

}  // namespace millrace::sink
