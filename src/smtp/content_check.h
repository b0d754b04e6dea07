#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "smtp/server_profile.h"

namespace millrace::smtp {

// Watches the content of one message for what passes a server's limits.
class ContentCheck {
 public:
  // Takes the next piece. What ends DATA counts as content; the message is smaller by that.
  void take(std::string_view bytes, const ServerLimits& limits);

  // `surplus`: how much of what was taken is not content.
  [[nodiscard]] bool too_large(const ServerLimits& limits, std::uint64_t surplus) const {
    return limits.message_size > 0 && size_ > limits.message_size + surplus;
  }
  [[nodiscard]] bool line_too_long() const { return line_too_long_; }

 private:
  std::uint64_t size_ = 0;
  std::size_t line_ = 0;  // bytes since the last LF
  bool line_too_long_ = false;
};

}  // namespace millrace::smtp
