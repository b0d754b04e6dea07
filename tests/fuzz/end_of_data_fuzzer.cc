// The end-of-data scanner against the definition, and the decoder of dump files beside it.
#include <string>

#include "pieces.h"
#include "sink/content_decoder.h"
#include "smtp/end_of_data.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t mark = ("\r\n" + bytes).find("\r\n.\r\n");
  const std::size_t expected = mark == std::string::npos ? bytes.size() : mark + 3;

  smtp::EndOfData end;
  sink::ContentDecoder decoder;
  std::size_t taken = 0;
  std::string text;
  fuzz::in_pieces(data, size, [&](std::string_view piece) {
    if (end.found()) return;
    const std::size_t length = end.scan(piece);
    fuzz::require(length == piece.size() || end.found());
    decoder.decode(piece.substr(0, length), smtp::Form::dotted, text);
    taken += length;
  });
  fuzz::require(taken == expected && end.found() == (mark != std::string::npos));

  std::string text_of_whole;
  sink::ContentDecoder().decode(std::string_view(bytes).substr(0, taken), smtp::Form::dotted,
                                text_of_whole);
  fuzz::require(text == text_of_whole && text.find('\r') == std::string::npos);
  return 0;
}
