#pragma once

#include "cli/report_options.h"
#include "source/options.h"

namespace millrace::cli {

// What the command line asks for.
struct SourceCommandLine {
  source::SourceOptions source;
  ReportOptions report;
};

// The options of smtp-source(1). Reads the file of -F. Throws Fatal with one sentence about what
// is wrong.
SourceCommandLine parse_source_command_line(int argc, const char* const* argv);

}  // namespace millrace::cli
