#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::smtp {

// One line of the EHLO reply, and whether this server offers it.
struct Extension {
  std::string_view line;
  bool offered = true;
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

  // The EHLO lines of Postfix's smtp-sink, in its order.
  Extension pipelining{"PIPELINING"};
  Extension eight_bit_mime{"8BITMIME"};
  Extension auth{"AUTH PLAIN LOGIN"};
  Extension xclient{"XCLIENT NAME HELO"};
  Extension xforward{"XFORWARD NAME ADDR PROTO HELO"};
  Extension enhanced_status_codes{"ENHANCEDSTATUSCODES"};
  Extension dsn{"DSN"};
};

// The replies that name the server, composed once (RFC 5321, 4.2 and 4.1.1.1).
struct ServerReplies {
  explicit ServerReplies(const ServerProfile& profile);

  std::string greeting;
  std::string helo;
  std::string ehlo;
};

}  // namespace millrace::smtp
