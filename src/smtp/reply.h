#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "smtp/line_reader.h"

namespace millrace::smtp {

// The code that a line of a reply begins with, 0 where there are no three digits (RFC 5321, 4.2).
constexpr int reply_code(std::string_view line) {
  int code = 0;
  if (line.size() < 3) return 0;
  for (const char byte : line.substr(0, 3)) {
    if (byte < '0' || byte > '9') return 0;
    code = code * 10 + (byte - '0');
  }
  return code;
}

// A reply as it was read, all of its lines (RFC 5321, 4.2). Borrowed from the reader.
struct Reply {
  int code = 0;           // 0 where the server did not send three digits
  std::string_view text;  // code and text; lines after the first follow an LF, without their code

  // All of it on one line, to be shown.
  [[nodiscard]] std::string line() const;

  [[nodiscard]] bool positive_completion() const { return code / 100 == 2; }
  // The server says that it closes the connection (RFC 5321, 3.8; RFC 7504 for 521).
  [[nodiscard]] bool closing() const { return code == 421 || code == 521; }
};

// Reads replies from a stream of bytes. A line is capped at kReplyLineLimit bytes, a whole
// reply at kReplyLimit: a server cannot make the reader grow.
class ReplyReader {
 public:
  static constexpr std::size_t kReplyLineLimit = 10'240;
  static constexpr std::size_t kReplyLimit = 65'536;

  enum class Result : std::uint8_t { reply, more, too_long };

  // Takes the next reply off the front of `bytes`; stored in `reply`, valid until the next call.
  Result next(std::string_view& bytes, Reply& reply);

 private:
  LineReader lines_{LineEnd::lf, kReplyLineLimit};
  std::string joined_;  // the lines so far of a multi-line reply
  bool joined_returned_ = false;
};

}  // namespace millrace::smtp
