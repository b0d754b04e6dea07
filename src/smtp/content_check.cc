#include "smtp/content_check.h"

namespace millrace::smtp {

void ContentCheck::take(std::string_view bytes, Form form, const ServerLimits& limits) {
  form_ = form;
  size_ += bytes.size();
  if (limits.text_line == 0 && limits.message_size == 0) return;
  while (!bytes.empty()) {
    // Every line that begins with a dot has one too many; that of the end mark is one of them.
    if (form == Form::dotted && line_start_ && bytes.front() == '.') ++surplus_;
    const std::size_t end = bytes.find('\n');
    const bool ended = end != std::string_view::npos;
    const std::size_t length = ended ? end : bytes.size();
    line_ += length;
    // The CR that ends a line is not part of it, and may not have come yet.
    if (limits.text_line > 0 && line_ > limits.text_line + 1) line_too_long_ = true;
    if (length > 0) last_ = bytes[length - 1];
    line_start_ = ended && last_ == '\r';
    if (!ended) return;
    line_ = 0;
    last_ = '\n';
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace millrace::smtp
