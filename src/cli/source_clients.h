#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "mail/clients/client_group.h"
#include "source/options.h"

namespace millrace::cli {

struct SourceArguments;

void add_client_options(CommandLine& line, SourceArguments& given);

// Shares the sessions of `options` out between good clients and others. `scenario`: the clients
// that it has; with it there are none on the command line. Throws Fatal.
void build_clients(const SourceArguments& given, const std::vector<mail::ClientGroup>& scenario,
                   source::SourceOptions& options);

// "1000 slow-writer 1, 100 good".
std::string describe_clients(const source::SourceOptions& options);

}  // namespace millrace::cli
