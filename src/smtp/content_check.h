#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "smtp/server_policy.h"
#include "smtp/server_profile.h"

namespace millrace::smtp {

// Watches the content of one message for what passes a server's limits.
class ContentCheck {
 public:
  // Takes the next piece as it came, with the end mark when it is dotted.
  void take(std::string_view bytes, Form form, const ServerLimits& limits);

  // Once all was taken. Doubled dots and the end mark do not count (RFC 1870, 5).
  [[nodiscard]] bool too_large(const ServerLimits& limits) const {
    const std::uint64_t end_mark = form_ == Form::dotted ? 2 : 0;  // besides its dot
    return limits.message_size > 0 && size_ > limits.message_size + surplus_ + end_mark;
  }
  [[nodiscard]] bool line_too_long() const { return line_too_long_; }

 private:
  std::uint64_t size_ = 0;
  std::uint64_t surplus_ = 0;  // of that, dots that begin a line
  std::size_t line_ = 0;       // bytes since the last LF
  Form form_ = Form::dotted;
  char last_ = '\n';        // the byte before the next; at first the end of the DATA command
  bool line_start_ = true;  // a CR LF came last
  bool line_too_long_ = false;
};

}  // namespace millrace::smtp
