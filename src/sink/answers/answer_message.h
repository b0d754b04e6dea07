#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "sink/answers/answer.h"

namespace millrace::sink {

// What a message says of where it comes from.
struct AnswerOrigin {
  std::string_view host_name;  // must be a domain (smtp/path.h)
  std::string_view id;         // unlike that of any other; the left-hand side of the Message-ID
  std::time_t date = 0;
};

// The message of an answer, with CR LF line ends, dots as they are, and ASCII only, whatever the
// original was; at most about three times its header and 4 KiB:
//
//   bounce      a report of a delivery status, failed (RFC 3464, RFC 6522)
//   complaint   a report of abuse (RFC 5965)
//   auto_reply  a text in reply (RFC 3834)
//
// The reports end with the original's header as text/rfc822-headers, every byte of it.
std::string answer_message(const Answer& answer, const AnswerOrigin& origin);

}  // namespace millrace::sink
