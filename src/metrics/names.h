#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::metrics {

// The parts of the dialogue that are timed. Each is as long as the server lets it last: from
// when the command is sent, or the connection asked for, to when the reply is there.
enum class LatencyPhase : std::uint8_t {
  connect,
  tls,     // the handshake
  banner,  // from the connection, or the handshake, to the greeting
  ehlo,    // HELO and LHLO as well
  auth,    // each command and response
  mail,
  rcpt,
  data,         // until the 354
  content,      // the content, by DATA or BDAT, until the last reply to it
  transaction,  // MAIL to that reply
  session,      // connect to close
};

inline constexpr std::array<std::string_view, 11> kPhaseNames = {
    "connect", "tls",  "banner",  "ehlo",        "auth",   "mail",
    "rcpt",    "data", "content", "transaction", "session"};
inline constexpr std::size_t kPhases = kPhaseNames.size();

// What goes wrong, by kind.
enum class Error : std::uint8_t {
  refused,   // nobody listens
  reset,     // the connection was reset
  timeout,   // no answer in time
  protocol,  // the server is out of step, or lacks what is needed
  closed,    // the server closed the connection before its time
  tls,       // the handshake or a certificate
  rejected,  // a reply that says no
  other,     // of the system: no route, no descriptors
};

inline constexpr std::array<std::string_view, 8> kErrorNames = {
    "refused", "reset", "timeout", "protocol", "closed", "tls", "rejected", "other"};
inline constexpr std::size_t kErrors = kErrorNames.size();

template <typename Enum>
constexpr std::size_t index(Enum value) {
  return static_cast<std::size_t>(value);
}

}  // namespace millrace::metrics
