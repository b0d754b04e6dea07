#pragma once

#include "cli/report_options.h"
#include "sink/options.h"

namespace millrace::cli {

// What the command line asks for.
struct SinkCommandLine {
  sink::SinkOptions sink;
  ReportOptions report;
};

// The options of smtp-sink(1). Throws Fatal with one sentence about what is wrong.
SinkCommandLine parse_sink_command_line(int argc, const char* const* argv);

}  // namespace millrace::cli
