#pragma once

#include "cli/command_line.h"
#include "source/options.h"

namespace millrace::cli {

struct SourceArguments;

// What smtp-source sends where messages differ: options that say one thing each, and the scenario
// that says several.
void add_traffic_options(CommandLine& line, SourceArguments& given);

// Reads the files that are named. Needs what other options make of messages, the plan and the load.
// Throws Fatal; what is wrong with a scenario is told before, a line a mistake.
void build_traffic(const SourceArguments& given, source::SourceOptions& options);

}  // namespace millrace::cli
