#include "sink/content_decoder.h"

#include <algorithm>

namespace millrace::sink {

void ContentDecoder::decode(std::string_view bytes, smtp::Form form, std::string& text) {
  plain_ = form == smtp::Form::plain;
  return plain_ ? decode_plain(bytes, text) : decode_dotted(bytes, text);
}

void ContentDecoder::finish(std::string& text) {
  if (!plain_) return;
  if (after_cr_) text += '\r';
  text += line_start_ ? "\n" : "\n\n";
}

// A CR waits for the byte that follows it.
void ContentDecoder::decode_plain(std::string_view bytes, std::string& text) {
  for (const char byte : bytes) {
    if (after_cr_ && byte != '\n') text += '\r';
    after_cr_ = byte == '\r';
    if (!after_cr_) text += byte;
    line_start_ = byte == '\n';
  }
}

void ContentDecoder::decode_dotted(std::string_view bytes, std::string& text) {
  while (!bytes.empty()) {
    if (line_start_ && bytes.front() == '.') bytes.remove_prefix(1);
    line_start_ = false;
    if (bytes.empty()) return;
    if (after_cr_ && bytes.front() == '\n') {
      text += '\n';
      bytes.remove_prefix(1);
      line_start_ = true;
      after_cr_ = false;
      continue;
    }
    const std::size_t cr = bytes.find('\r');
    after_cr_ = cr != std::string_view::npos;
    text.append(bytes.substr(0, cr));
    bytes.remove_prefix(after_cr_ ? cr + 1 : bytes.size());
  }
}

}  // namespace millrace::sink
