#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::smtp {

// One side of a SASL exchange (RFC 4422). What passes over the wire is Base64 without line ends.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // The name of the mechanism, in capitals.
  [[nodiscard]] virtual std::string_view mechanism() const = 0;

  // Begins anew. Returns the initial response; nothing when the mechanism has none.
  virtual std::optional<std::string> begin() = 0;

  // The response to a challenge; nothing when there is none to give: then the exchange is
  // cancelled, and fault() says why.
  virtual std::optional<std::string> respond(std::string_view challenge) = 0;

  // What makes the server's word that all is well unbelievable, or the exchange impossible, as a
  // clause for a message; empty when nothing does.
  [[nodiscard]] virtual std::string fault() const = 0;
};

}  // namespace millrace::smtp
