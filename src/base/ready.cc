#include "base/ready.h"

#include <poll.h>

namespace millrace {

bool ready_for_output(int descriptor, std::chrono::milliseconds patience) {
  pollfd output{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return poll(&output, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace millrace
