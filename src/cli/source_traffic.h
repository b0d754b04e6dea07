#pragma once

#include <cstdint>
#include <vector>

#include "cli/command_line.h"
#include "mail/clients/client_group.h"
#include "source/options.h"

namespace millrace::cli {

struct SourceArguments;

// What smtp-source sends where messages differ: options that say one thing each, and the scenario
// that says several.
void add_traffic_options(CommandLine& line, SourceArguments& given);

// Reads the files that are named. Needs what other options make of messages, the plan and the load.
// Returns the clients that a scenario has. Throws Fatal; what is wrong with a scenario is told
// before, a line a mistake.
std::vector<mail::ClientGroup> build_traffic(const SourceArguments& given,
                                             source::SourceOptions& options);

// --show: the envelope of a message of the run, as the commands of a transaction have it, an empty
// line and the message; lines end in LF. On a terminal all of it is printable.
void show_message(const source::SourceOptions& options, std::uint64_t message);

}  // namespace millrace::cli
