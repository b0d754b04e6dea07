#pragma once

#include <cstddef>

namespace millrace {

// What several threads write stands on a line of the cache of its own, or with its like: else each
// write takes from the others what they only read.
constexpr std::size_t kCacheLine = 64;

}  // namespace millrace
