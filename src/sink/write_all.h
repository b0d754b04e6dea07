#pragma once

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace millrace::sink {

// Writes all of a text. Returns 0 or an errno value.
inline int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace millrace::sink
