#pragma once

#include "cli/command_line.h"
#include "source/options.h"

namespace millrace::cli {

// The options of smtp-source(1) about service extensions: what is asked for goes into the plan
// and the messages of `options`, which must outlive the parsing.
void add_extension_options(CommandLine& line, source::SourceOptions& options);

// Completes the plan once all options are read. `lmtp`, `old_mode`: -L, -o. Throws Fatal.
void complete_plan(source::SourceOptions& options, bool lmtp, bool old_mode);

}  // namespace millrace::cli
