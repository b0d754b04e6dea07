#pragma once

#include <string>

namespace millrace::report {

// What was demanded of a figure, and what it came to.
struct Verdict {
  std::string threshold;  // as it was asked for
  std::string value;      // for people
  bool passed = false;
};

}  // namespace millrace::report
