#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace millrace::source {

// What is asked for of arrivals at sinks.
struct EndToEndOptions {
  std::vector<std::string> journals;  // of sinks on this host, which write them; by their paths
  Duration settle{};                  // how long behind a run what has not arrived is waited for
};

}  // namespace millrace::source
