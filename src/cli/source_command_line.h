#pragma once

#include "source/options.h"

namespace millrace::cli {

// The options of smtp-source(1). Reads the file of -F. Throws Fatal with one sentence about what
// is wrong.
source::SourceOptions parse_source_command_line(int argc, const char* const* argv);

}  // namespace millrace::cli
