#include "base/counter_line.h"

#include <unistd.h>

#include "base/ready.h"

namespace millrace {

void CounterLine::show(const std::string& text) { show(text, std::chrono::milliseconds(0)); }

void CounterLine::end(const std::string& text) { show(text, std::chrono::seconds(1)); }

void CounterLine::show(const std::string& text, std::chrono::milliseconds patience) {
  if (text == shown_) return;
  if (!ready_for_output(STDOUT_FILENO, patience)) return;
  shown_ = text;
  const std::string line = text + "\r";
  // Whoever closed standard output does not want the counters.
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, line.data(), line.size());
}

}  // namespace millrace
