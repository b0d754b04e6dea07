#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::smtp {

// What ends a line. A server takes CR LF only, since a bare LF smuggles commands past the next
// hop (RFC 5321, 2.3.8); a client forgives servers that send a bare LF.
enum class LineEnd : std::uint8_t { crlf, lf };

// Cuts a stream of bytes into lines. A line that arrives whole is returned in place; only one
// that is split over reads is copied, up to its limit.
class LineReader {
 public:
  // Lines of one command, in any case, that may be longer than the others.
  struct LongLines {
    std::string_view keyword;
    std::size_t limit = 0;
  };

  // `limit` counts the line with the CR of its ending, without the LF; so does that of LongLines.
  LineReader(LineEnd line_end, std::size_t limit) : LineReader(line_end, limit, {}) {}
  LineReader(LineEnd line_end, std::size_t limit, LongLines long_lines)
      : limit_(limit), long_lines_(long_lines), line_end_(line_end) {}

  enum class Result : std::uint8_t { line, more, too_long };

  // Takes the next line off the front of `bytes`. `line`: stored without its ending, valid
  // until the next call. `more`: all of `bytes` was kept for the next call. `too_long`: the
  // line passed the limit; the stream cannot be read on.
  Result next(std::string_view& bytes, std::string_view& line);

  // Whether the line that `bytes` go on with, or begin, is one of LongLines.
  [[nodiscard]] bool may_be_long(std::string_view bytes) const;

 private:
  [[nodiscard]] std::size_t find_end(std::string_view bytes) const;

  std::string partial_;
  std::size_t limit_;
  LongLines long_lines_;
  LineEnd line_end_;
  bool partial_used_ = false;
};

}  // namespace millrace::smtp
