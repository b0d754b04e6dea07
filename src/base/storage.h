#pragma once

#include <cstddef>
#include <string>

namespace millrace {

// What each of a quiet session's buffers may hold on to.
constexpr std::size_t kQuietBuffer = 16 * 1024;

// Empties a buffer for its next use; what one large message made of it is given back.
inline void recycle(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kQuietBuffer) buffer.shrink_to_fit();
}

}  // namespace millrace
