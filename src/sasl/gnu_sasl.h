#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct Gsasl;
struct Gsasl_session;

namespace millrace::sasl {

using Library = std::unique_ptr<Gsasl, void (*)(Gsasl*)>;
using Exchange = std::unique_ptr<Gsasl_session, void (*)(Gsasl_session*)>;

// GNU SASL for one thread. Throws Fatal when it does not start.
Library open_library();
// The same only if it is `needed`; else null.
inline Library open_library_if(bool needed) {
  return needed ? open_library() : Library(nullptr, nullptr);
}

// No exchange yet.
inline Exchange no_exchange() { return {nullptr, nullptr}; }

// What a step of an exchange came to.
struct Step {
  enum class Kind { more, done, malformed, failed };

  Kind kind;
  std::string output;  // in Base64
};

// One step: `input` is what came, decoded.
Step advance(Gsasl_session* exchange, std::string_view input);

// The bytes of a text in Base64 (RFC 4648), if it is one; and back.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace millrace::sasl
