#include "base/counter_line.h"

#include <poll.h>
#include <unistd.h>

namespace millrace {

void CounterLine::show(const std::string& text) { show(text, std::chrono::milliseconds(0)); }

void CounterLine::end(const std::string& text) { show(text, std::chrono::seconds(1)); }

void CounterLine::show(const std::string& text, std::chrono::milliseconds patience) {
  if (text == shown_) return;
  // A pipe that polls writable takes this much at once.
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  if (poll(&output, 1, static_cast<int>(patience.count())) <= 0) return;
  shown_ = text;
  const std::string line = text + "\r";
  // Whoever closed standard output does not want the counters.
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, line.data(), line.size());
}

}  // namespace millrace
