#pragma once

#include <string_view>

namespace millrace::sasl {

// What both programs speak, separated by blanks.
inline constexpr std::string_view kMechanisms =
    "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER";

// Those of them whose server need not know the password: a sink that takes everybody.
inline constexpr std::string_view kOpenMechanisms = "PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER";

// The two that carry a bearer token: Google's own, and RFC 7628.
constexpr bool carries_token(std::string_view mechanism) {
  return mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER";
}

// Those that hand the secret itself to whoever listens.
constexpr bool reveals_secret(std::string_view mechanism) {
  return mechanism == "PLAIN" || mechanism == "LOGIN" || carries_token(mechanism);
}

// Those in which the server proves that it knows the password too (RFC 5802).
constexpr bool proves_server(std::string_view mechanism) { return mechanism.starts_with("SCRAM-"); }

}  // namespace millrace::sasl
