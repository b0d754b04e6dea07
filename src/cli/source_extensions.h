#pragma once

#include <optional>

#include "cli/command_line.h"
#include "sasl/users.h"
#include "source/options.h"

namespace millrace::cli {

// The options of smtp-source(1) about service extensions: what is asked for goes into the plan
// and the messages of `options`. `user`: the one of --auth-user, if it is given. All must outlive
// the parsing.
void add_extension_options(CommandLine& line, source::SourceOptions& options,
                           std::optional<sasl::User>& user);

// Completes the plan once all options are read. `lmtp`, `old_mode`: -L, -o. Throws Fatal.
void complete_plan(source::SourceOptions& options, const std::optional<sasl::User>& user, bool lmtp,
                   bool old_mode);

}  // namespace millrace::cli
