#pragma once

#include <string>
#include <string_view>

#include "source/retry_policy.h"

namespace millrace::cli {

// How what was not taken is sent again: "first 30s, factor 2, most 10m, give up 1h", of which only
// the first part has to be there, or for short "5x1s": five times at most, each a second after
// the attempt before.
source::RetryPolicy retry_policy(const std::string& text, std::string_view names);

}  // namespace millrace::cli
