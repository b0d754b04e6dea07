#pragma once

#include <cstdint>
#include <string_view>

#include "proof/body_text.h"
#include "proof/line_pieces.h"
#include "proof/mime_entity.h"

namespace millrace::proof {

// Undoes the encoding of a body (RFC 2045, 6.7 and 6.8), line by line. What a decoder is told to
// pass over is passed over; what is no quoted-printable text is kept as it is.
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
  void take_base64(std::string_view digits, BodyText& text);

  // What of "=" and what follows it is read.
  enum class Escape : std::uint8_t { none, begun, one_digit, soft_break };

  Encoding encoding_ = Encoding::none;
  Escape escape_ = Escape::none;
  char digit_ = 0;          // the first one of an escape
  std::uint32_t bits_ = 0;  // of base64 that are no byte yet
  unsigned digits_ = 0;     // how many hold them: below 4
};

}  // namespace millrace::proof
