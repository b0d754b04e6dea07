#include "smtp/content_check.h"

namespace millrace::smtp {

void ContentCheck::take(std::string_view bytes, Form form, const ServerLimits& limits) {
  if (limits.text_line == 0 && limits.message_size == 0) return;
  form_ = form;
  while (!bytes.empty()) {
    // Every line that begins with a dot has one too many; that of the end mark is one of them.
    if (form == Form::dotted && line_start_ && bytes.front() == '.') {
      line_start_ = false;
      last_ = '.';
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end == bytes.npos ? end : end + 1);
    bytes.remove_prefix(piece.size());
    size_ += piece.size();
    line_ += piece.size();
    const char before = piece.size() > 1 ? piece[piece.size() - 2] : last_;
    last_ = piece.back();
    // Only CR LF ends a line. Its CR is not part of the line, and may be the last that came.
    line_start_ = last_ == '\n' && before == '\r';
    const std::uint64_t ending = line_start_ ? 2 : last_ == '\r' ? 1 : 0;
    if (limits.text_line > 0 && line_ - ending > limits.text_line) line_too_long_ = true;
    if (line_start_) line_ = 0;
  }
}

}  // namespace millrace::smtp
