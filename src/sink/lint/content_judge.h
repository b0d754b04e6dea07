#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sink/lint/header_judge.h"
#include "sink/lint/session_findings.h"
#include "smtp/server_observer.h"

namespace millrace::sink {

// Judges the content of one message as it comes over the wire, and keeps no more of it than the
// beginning of a line.
class ContentJudge {
 public:
  // What MAIL said of it.
  struct Declared {
    std::uint64_t size = 0;  // bytes (RFC 1870); 0: not said
    bool eight_bit = false;  // BODY=8BITMIME (RFC 6152)
    bool binary = false;     // BODY=BINARYMIME (RFC 3030): its body has no lines
    bool utf8 = false;       // SMTPUTF8 (RFC 6531)
  };

  // `findings` must outlive this.
  explicit ContentJudge(SessionFindings& findings) : findings_(findings), header_(findings) {}

  // Another content begins.
  void begin(const Declared& declared);
  void take(std::string_view bytes, smtp::Form form);
  // All has come.
  void finish();

 private:
  // Where the next byte stands in its line, as far as dots are doubled there.
  enum class Place : std::uint8_t { line_start, behind_dot, within };

  std::size_t take_dot(std::string_view bytes);
  void take_text(std::string_view text);
  void end_line();
  void judge_line(std::size_t length);
  void add(Finding finding);
  // Bytes are lines of text here.
  [[nodiscard]] bool of_lines() const { return in_header_ || !declared_.binary; }

  SessionFindings& findings_;
  HeaderJudge header_;
  Declared declared_;
  std::uint64_t size_ = 0;  // bytes of lines that are over (RFC 1870, 6)
  std::size_t length_ = 0;  // bytes of the line so far, with its CR and without a doubled dot
  std::string head_;        // the first of them
  Place place_ = Place::line_start;
  bool in_header_ = true;
  bool lone_dot_ = false;   // the line begins with a dot that nothing but its end follows
  bool cr_ = false;         // a CR came last
  bool eight_bit_ = false;  // a byte of the line is above 127
  bool blank_ = true;       // all of the line is blanks
};

}  // namespace millrace::sink
