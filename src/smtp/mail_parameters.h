#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::smtp {

// What a server acts on in the arguments of MAIL (RFC 5321, 4.1.1.2).
struct MailParameters {
  enum class Body : std::uint8_t { not_given, text, binary, unknown };

  std::string_view path;        // with what surrounds it, "FROM:<...>"
  std::uint64_t size = 0;       // SIZE (RFC 1870); 0: not given
  bool smtp_utf8 = false;       // RFC 6531
  bool require_tls = false;     // RFC 8689
  Body body = Body::not_given;  // RFC 6152, RFC 3030
  bool bad_size = false;        // a SIZE that is no number
};

// Reads all that follows the keyword MAIL; parameters that are not known are passed over.
MailParameters parse_mail_parameters(std::string_view arguments);

// The arguments of BDAT (RFC 3030, 2).
struct Chunk {
  std::uint64_t size = 0;
  bool last = false;
  bool malformed = false;  // something else than LAST stands behind the count
};

// "1024" or "1024 LAST"; nothing when the count cannot be read.
std::optional<Chunk> parse_chunk(std::string_view arguments);

}  // namespace millrace::smtp
