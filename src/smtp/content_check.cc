#include "smtp/content_check.h"

namespace millrace::smtp {

void ContentCheck::take(std::string_view bytes, const ServerLimits& limits) {
  size_ += bytes.size();
  if (limits.text_line == 0) return;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const bool ended = end != std::string_view::npos;
    line_ += ended ? end : bytes.size();
    // The CR that ends a line is not part of it, and may not have come yet.
    if (line_ > limits.text_line + 1) line_too_long_ = true;
    if (!ended) return;
    line_ = 0;
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace millrace::smtp
