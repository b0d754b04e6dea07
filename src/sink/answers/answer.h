// sink/answers/ is what comes back later for messages that the sink took: bounces, complaints and
// automatic replies. Which, and when, rules say; here they are composed, kept until they are due
// and sent to one endpoint. It knows no session of the sink but by what an observer is told.
#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <string>

#include "base/time.h"
#include "sink/rules/rule.h"

namespace millrace::sink {

// One answer to one message, on behalf of one of its recipients.
struct Answer {
  rules::LaterAnswer what;
  std::string sender;     // of the original, who is answered: its reverse-path, without brackets
  std::string recipient;  // of the original, the same
  // What the client gave with them for notifications, decoded; empty: nothing (dsn_parameters.h).
  std::string envelope_id;
  std::string original_recipient;
  std::string client;  // that the original came from: its address in numbers, or "local"
  std::time_t arrived = 0;
  // The original's header section as it came, without the empty line that ends it; shared by all
  // answers to the message.
  std::shared_ptr<const std::string> header;
  TimePoint due;
  unsigned tries = 0;  // to send it, that have failed
};

// What of the original's header is kept, in bytes.
inline constexpr std::size_t kMostHeader = 65'536;

}  // namespace millrace::sink
