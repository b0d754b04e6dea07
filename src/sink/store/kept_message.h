#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/dkim/sha256.h"
#include "sink/store/kept_content.h"

namespace millrace::sink {

// Who sent a message, and how. What a client said of itself is as it said it.
struct KeptClient {
  std::string address = "local";  // "127.0.0.1", "::1"; "local" of a unix socket
  unsigned port = 0;              // 0: there is none
  std::string name;               // as XCLIENT gave it; empty: it did not, as the next
  std::string login;
  std::string helo;           // empty: none was given
  std::string_view protocol;  // "ESMTPS" (RFC 3848)
  std::string tls_version;    // empty: no TLS
  std::string tls_cipher;
};

// A message on its way into the stores of the sink.
struct KeptMessage {
  using Time = std::chrono::sys_time<std::chrono::microseconds>;

  std::string id;              // no other message has it: letters, digits and dots
  Time time;                   // when it was taken
  std::string_view listener;   // its name, as the next of what outlives the message
  std::string_view host_name;  // of the sink
  KeptClient client;
  std::string sender;           // without brackets; empty: the null sender
  std::string mail_parameters;  // what followed it
  std::vector<std::string> recipients;
  KeptContent content;                  // without what the wire puts to it (RFC 5321, 4.5.2)
  std::optional<mail::Sha256> hashing;  // where a store tells of it
  mail::Sha256::Hash hash{};            // once it is complete
};

// An id that no other message has, of this process or another one of this host: "S.MmPpQn", the
// first part of a name in a Maildir.
std::string make_message_id(KeptMessage::Time now);

}  // namespace millrace::sink
