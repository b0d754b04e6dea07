#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/output.h"

namespace millrace::test {

// All that is left in an output queue, in order.
inline std::string text_of(const Output& out) {
  std::array<std::string_view, 16> pieces;
  std::string all;
  for (std::size_t i = 0, count = out.gather(pieces.data(), pieces.size()); i < count; ++i) {
    all += pieces[i];
  }
  return all;
}

// The same; the queue is empty afterwards.
inline std::string take(Output& out) {
  std::string all = text_of(out);
  out.clear();
  return all;
}

}  // namespace millrace::test
