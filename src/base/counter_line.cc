#include "base/counter_line.h"

#include <poll.h>
#include <unistd.h>

namespace millrace {

void CounterLine::show(const std::string& text) {
  // A pipe that polls writable takes this much at once.
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  if (text != shown_ && poll(&output, 1, 0) > 0) end(text);
}

void CounterLine::end(const std::string& text) {
  if (text == shown_) return;
  shown_ = text;
  const std::string line = text + "\r";
  // Whoever closed standard output does not want the counters.
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, line.data(), line.size());
}

}  // namespace millrace
