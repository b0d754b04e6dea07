#pragma once

#include <string>
#include <string_view>

namespace millrace::sink {

// What a client says of the delivery status notifications that it wants (RFC 3461, 4), read from
// all that follows MAIL or RCPT. A parameter that is not as it should be is as good as none.

// What ENVID gives, decoded; empty where it is not given.
std::string envelope_id(std::string_view arguments);

// Of one recipient.
struct NotificationRequest {
  bool failure = true;  // a failure may be told of: NOTIFY is not given, or has FAILURE
  // What ORCPT gives, "rfc822;bob@b.example": a type of addresses and such an address, decoded.
  // Empty where it is not given.
  std::string original_recipient;
};
NotificationRequest notification_request(std::string_view arguments);

}  // namespace millrace::sink
