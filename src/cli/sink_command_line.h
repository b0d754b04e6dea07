#pragma once

#include "sink/options.h"

namespace millrace::cli {

// The options of smtp-sink(1). Throws Fatal with one sentence about what is wrong.
sink::SinkOptions parse_sink_command_line(int argc, const char* const* argv);

}  // namespace millrace::cli
