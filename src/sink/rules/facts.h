#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/socket.h"
#include "sink/rules/pattern.h"

namespace millrace::sink::rules {

// What is known of a session when rules are asked. All views are valid during the call. What is
// not known is empty; a sender that is not known is none, the null sender an empty text.
struct Facts {
  TimePoint now;                           // the loop's
  Duration since_start{0};                 // of the sink
  std::uint64_t session = 0;               // its number, unique in the run
  net::SocketAddress client;               // after PROXY and XCLIENT
  std::string_view client_text;            // its address in numbers, or "local"
  std::string_view listener;               // its name
  std::string_view helo;                   // at HELO, EHLO and LHLO the one that comes with it
  std::optional<std::string_view> sender;  // address without brackets and parameters
  std::string_view recipient;  // the same: at RCPT, and for each recipient that LMTP answers
  std::span<const std::string> recipients;  // those that were accepted; at DATA, CONTENT and "."
  std::string_view user;                    // that authenticated; "anonymous" has a name too
  bool authenticated = false;
  int tls = 0;                        // 0, or its version: 10, 11, 12, 13
  std::optional<std::uint64_t> size;  // declared at MAIL; of the content at its end
  // At the end of data: the content's first 64 KiB, as it is kept.
  std::optional<std::string_view> head;
};

}  // namespace millrace::sink::rules
