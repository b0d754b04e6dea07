#include "sink/answers/content_head.h"

#include <algorithm>

namespace millrace::sink {

void ContentHead::take(std::string_view bytes, smtp::Form form) {
  if (form == smtp::Form::plain) {
    text_.append(bytes.substr(0, most_ - std::min(most_, text_.size())));
    return;
  }
  for (const char byte : bytes) {
    if (full()) return;
    const bool stuffed = matched_ == 2 && byte == '.';
    matched_ = byte == '\r' ? 1 : byte == '\n' && matched_ == 1 ? 2 : 0;
    if (!stuffed) text_ += byte;
  }
}

// Its memory goes too: a session that is quiet should hold none.
void ContentHead::reset() {
  text_ = std::string();
  matched_ = 2;
}

std::string_view ContentHead::header() const {
  const std::string_view text = text_;
  for (std::size_t start = 0; start < text.size();) {
    const std::string_view line = text.substr(start);
    if (line.starts_with('\n') || line.starts_with("\r\n")) return text.substr(0, start);
    const std::size_t end = line.find('\n');
    if (end == std::string_view::npos) return full() && start > 0 ? text.substr(0, start) : text;
    start += end + 1;
  }
  return text;
}

}  // namespace millrace::sink
