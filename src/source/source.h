#pragma once

#include "source/options.h"

namespace millrace::source {

// Sends what the options ask for. Returns whether all went as it should: false when the run was
// given up, or a session was lost on the way. Says on standard error what went wrong. Throws
// Fatal when it cannot start.
bool run_source(const SourceOptions& options);

}  // namespace millrace::source
