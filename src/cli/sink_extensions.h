#pragma once

#include "cli/command_line.h"
#include "sink/options.h"

namespace millrace::cli {

struct SinkArguments;

// The options of smtp-sink(1) about service extensions and limits.
void add_extension_options(CommandLine& line, SinkArguments& given);

// Fills in who may authenticate, whose XCLIENT is believed and what is borne; in `common`, what all
// listeners say of that. Reads the file of users. Throws Fatal.
void build_offer(const SinkArguments& given, sink::SinkOptions& options,
                 smtp::ServerProfile& common);

}  // namespace millrace::cli
