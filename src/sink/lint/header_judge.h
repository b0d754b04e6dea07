#pragma once

#include <cstdint>
#include <string_view>

#include "sink/lint/session_findings.h"

namespace millrace::sink {

// Judges the header of one message (RFC 5322, 2.2 and 3.6), line by line.
class HeaderJudge {
 public:
  // `findings` must outlive this.
  explicit HeaderJudge(SessionFindings& findings) : findings_(findings) {}

  // A line of a header, without its end.
  struct Line {
    std::string_view beginning;  // not empty
    bool whole = true;           // that is all of it
    bool blank = false;          // there is nothing but blanks in it
  };

  // Another header begins.
  void begin();
  void take(const Line& line);
  // It is over: what it lacks.
  void finish();

 private:
  void take_field(const Line& line);

  SessionFindings& findings_;
  std::uint32_t seen_ = 0;  // a bit a row of the fields that are known
  bool in_field_ = false;   // a field has begun, which a folded line may continue
  bool bad_ = false;        // a line was no field; of a header that is told once
};

}  // namespace millrace::sink
