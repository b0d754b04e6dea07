#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::source {

// How lines are written.
enum class LogForm : std::uint8_t {
  json,  // an object a line
  csv,   // RFC 4180, with a line of names first
};

// A moment as "2026-11-26T03:08:33.123456Z" (RFC 3339), by the system's clock as it stood when this
// was made: what sets that clock later changes nothing.
class UtcText {
 public:
  UtcText()
      : ahead_(std::chrono::system_clock::now().time_since_epoch() -
               Clock::now().time_since_epoch()) {}

  void append(TimePoint moment, std::string& text);

 private:
  const std::chrono::nanoseconds ahead_;  // of the system's clock
  std::int64_t second_ = -1;              // of the last moment, since 1970
  std::string second_text_;               // up to the point
};

// The lines of a log: what doc/smtp-source.1 says of its fields. All that others said is printable
// (base/printable.h) and in UTF-8.
class LogLines {
 public:
  explicit LogLines(LogForm form) : form_(form) {}

  // What comes first; nothing in JSON.
  void append_head(std::string& text);
  // The line of a packed delivery.
  void append(std::string_view record, std::string& text);
  // The last line: how many there are, and how many had no place.
  void append_end(std::uint64_t lines, std::uint64_t dropped, std::string& text) const;

 private:
  const LogForm form_;
  UtcText utc_;
};

}  // namespace millrace::source
