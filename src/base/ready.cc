#include "base/ready.h"

#include <poll.h>

#include <algorithm>

namespace millrace {

bool ready_for_output(int descriptor, std::chrono::milliseconds patience) {
  pollfd output{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return poll(&output, 1, static_cast<int>(patience.count())) > 0;
}

std::string_view ready_piece(std::string_view text) {
  constexpr std::size_t kRoom = 256;  // bytes
  return text.substr(0, std::clamp(text.find('\n'), std::size_t{1}, kRoom));
}

}  // namespace millrace
