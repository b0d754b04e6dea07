#pragma once

#include <cstddef>

namespace millrace {

// Against false sharing: what several threads write stands on a cache line of its own, or with its
// like, since each write takes the line from those who only read.
constexpr std::size_t kCacheLine = 64;

}  // namespace millrace
