#pragma once

#include <cstdint>

namespace millrace::mail {

// What the body of a generated message is made of.
enum class BodyForm : std::uint8_t {
  text,        // words
  attachment,  // a few words, and base64 (RFC 2045, 6.8)
  html,        // with text as an alternative (RFC 2046, 5.1.4)
  filler,      // lines of 'X', see payload_body()
};

}  // namespace millrace::mail
