#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "smtp/extension.h"

namespace millrace::smtp {

// What a server bears of one client; 0: no limit.
struct ServerLimits {
  std::uint64_t message_size = 0;   // bytes of content, as SIZE counts them (RFC 1870)
  std::size_t text_line = 0;        // bytes of a line of content, without its CR LF
  std::size_t recipients = 50'000;  // a transaction
  std::size_t transactions = 0;     // a session
  std::size_t commands = 0;         // a session
  std::size_t errors = 0;           // replies of 4xx and 5xx in a session
};

// What a server says of itself. Filled once, shared by all its sessions.
struct ServerProfile {
  enum class Protocol : std::uint8_t {
    smtp,   // RFC 5321: HELO and EHLO
    plain,  // RFC 821: HELO only
    lmtp,   // RFC 2033: LHLO only, and a reply for each recipient after the end of data
  };

  Protocol protocol = Protocol::smtp;
  std::string host_name = "smtp-sink";
  bool hide_software = false;  // greets with asterisks, as a CISCO PIX did

  // Announced in this order. At first what Postfix's smtp-sink announces.
  ExtensionSet offered{
      Extension::pipelining, Extension::eight_bit_mime,        Extension::auth, Extension::xclient,
      Extension::xforward,   Extension::enhanced_status_codes, Extension::dsn};
  std::string auth_mechanisms = "PLAIN LOGIN";
  std::string xclient_attributes = "NAME HELO";
  std::string xforward_attributes = "NAME ADDR PROTO HELO";

  // What Postfix's smtp-sink only says "Ok" to.
  bool authenticates = false;  // AUTH begins a SASL exchange (RFC 4954)
  bool xclient_takes_effect = false;

  ServerLimits limits;

  // A command line with its CR must stay below this many bytes; so must a SASL response. One of
  // AUTH, which may hold the first of them, must stay below kAuthLimit (RFC 4954, 4).
  static constexpr std::size_t kAuthLimit = 12'288;
  [[nodiscard]] std::size_t command_limit() const { return authenticates ? kAuthLimit : 2'048; }
};

// The replies that name the server, composed once (RFC 5321, 4.2 and 4.1.1.1).
struct ServerReplies {
  explicit ServerReplies(const ServerProfile& profile);

  // `secured`: under TLS there is no STARTTLS, but REQUIRETLS. `trusted`: where XCLIENT takes
  // effect, others are not offered it.
  [[nodiscard]] const std::string& ehlo(bool secured, bool trusted) const {
    return ehlo_[secured ? 1 : 0][trusted ? 1 : 0];
  }

  std::string greeting;
  std::string helo;
  std::string too_many_commands;
  std::string too_many_errors;
  std::string session_too_long;

 private:
  std::array<std::array<std::string, 2>, 2> ehlo_;
};

}  // namespace millrace::smtp
