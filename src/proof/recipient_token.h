#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::proof {

// A recipient of a message, as its address says itself.
struct RecipientToken {
  std::uint64_t message = 0;    // number in the run, from 0
  std::uint64_t recipient = 0;  // of the message, from 0

  bool operator==(const RecipientToken&) const = default;
};

// How the token stands at the end of a local part.
enum class TokenForm : std::uint8_t {
  // "user+mr21z0": four bits a digit, in base 32, with a check of 10 bits, which a text that
  // only looks like one passes once in 1024 times. For servers with sub-addresses (RFC 5233).
  tagged,
  // "user-40-1": both numbers in decimal, and nothing to check them by.
  numbered,
};

// Puts it to the end of a local part that is not quoted. At most kLongestToken bytes.
inline constexpr std::size_t kLongestToken = 42;
void append_token(const RecipientToken& token, TokenForm form, std::string& local_part);

// What the end of a local part says, in letters of any case; nothing when it is no token.
std::optional<RecipientToken> read_token(std::string_view local_part, TokenForm form);

}  // namespace millrace::proof
