#pragma once

#include "cli/command_line.h"
#include "source/options.h"

namespace millrace::cli {

struct SourceArguments;

// The options of smtp-source(1) about service extensions.
void add_extension_options(CommandLine& line, SourceArguments& given);

// Fills in what MAIL and RCPT carry besides addresses.
void build_parameters(const SourceArguments& given, mail::MessageOptions& message);

// Fills in the plan and who authenticates, once the message and TLS are there. Reads the files of
// users and passwords. Throws Fatal.
void build_plan(const SourceArguments& given, source::SourceOptions& options);

}  // namespace millrace::cli
