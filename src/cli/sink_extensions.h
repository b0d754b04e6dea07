#pragma once

#include "cli/command_line.h"
#include "sink/options.h"

namespace millrace::cli {

struct SinkArguments;

// The options of smtp-sink(1) about service extensions and limits.
void add_extension_options(CommandLine& line, SinkArguments& given);

// Fills in what is offered and what is borne. Reads the file of users. Throws Fatal.
void build_offer(const SinkArguments& given, sink::SinkOptions& options);

}  // namespace millrace::cli
