#pragma once

#include <string>

#include "base/output.h"

namespace millrace::test {

// All that is left in an output queue, in order; the queue is empty afterwards.
inline std::string take(Output& out) {
  std::string all = out.flattened();
  out.clear();
  return all;
}

}  // namespace millrace::test
