#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proof/body_text.h"
#include "proof/line_pieces.h"
#include "proof/mime_entity.h"

namespace millrace::proof {

// Undoes the encoding of a body (RFC 2045, 6.7 and 6.8), line by line. Blanks and ends of lines in
// base64 are passed over. What is no quoted-printable text, and what is no base64, is kept as it
// is, so that another byte in its place does not go unseen.
class TransferDecoder {
 public:
  void begin(Encoding encoding);
  void take(const LinePiece& line, BodyText& text);
  // There is no more.
  void finish(BodyText& text);

 private:
  void take_quoted(const LinePiece& line, BodyText& text);
  void take_escape(char byte, BodyText& text);
  void end_quantum(BodyText& text);
  void take_base64(std::string_view line, BodyText& text);

  // What of "=" and what follows it is read.
  enum class Escape : std::uint8_t { none, begun, one_digit, soft_break };

  Encoding encoding_ = Encoding::none;
  Escape escape_ = Escape::none;
  char digit_ = 0;               // the first one of an escape
  std::array<char, 4> quantum_;  // of base64, what is no byte yet
  std::size_t held_ = 0;         // of that
};

}  // namespace millrace::proof
