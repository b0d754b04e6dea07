// smtp/ is the protocol, RFC 5321 and RFC 2033, as functions of bytes. It does no I/O, reads
// no clock and includes nothing of the folders below it: a session is handed what arrived and
// says what to send and what happened.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::smtp {

// The commands of a dialogue, and the two moments that are answered like one: the connection
// itself and the end of data.
enum class Verb : std::uint8_t {
  connect,
  helo,
  ehlo,
  lhlo,
  starttls,
  xclient,
  xforward,
  auth,
  mail,
  rcpt,
  data,
  bdat,
  end_of_data,
  rset,
  noop,
  vrfy,
  quit,
};

inline constexpr std::size_t kVerbCount = 17;

// The keyword of each verb, as it is spoken and as options name it.
inline constexpr std::array<std::string_view, kVerbCount> kVerbKeywords = {
    "CONNECT", "HELO", "EHLO", "LHLO", "STARTTLS", "XCLIENT", "XFORWARD", "AUTH", "MAIL",
    "RCPT",    "DATA", "BDAT", ".",    "RSET",     "NOOP",    "VRFY",     "QUIT"};

constexpr std::size_t index(Verb verb) { return static_cast<std::size_t>(verb); }
constexpr std::string_view keyword(Verb verb) { return kVerbKeywords[index(verb)]; }

// The verb of a keyword in any case (RFC 5321, 2.4), or nothing.
std::optional<Verb> find_verb(std::string_view keyword);

// A command line: the keyword and what follows it.
struct Command {
  std::string_view keyword;
  std::string_view arguments;
};

// Splits a command line at spaces and tabs; leading ones are skipped, as are those between the
// keyword and the arguments.
Command parse_command(std::string_view line);

}  // namespace millrace::smtp
