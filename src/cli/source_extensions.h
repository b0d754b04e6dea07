#pragma once

#include <optional>

#include "cli/command_line.h"
#include "sasl/users.h"
#include "source/options.h"

namespace millrace::cli {

// What is said of service extensions on the source's command line, before it is checked as a whole.
struct ExtensionDraft {
  std::optional<sasl::User> user;  // of --auth-user
  bool if_offered = false;
  bool auth_in_clear = false;
};

// The options of smtp-source(1) about service extensions: what is asked for goes into the plan
// and the messages of `options`. All must outlive the parsing.
void add_extension_options(CommandLine& line, source::SourceOptions& options,
                           ExtensionDraft& draft);

// Completes the plan once all other options are complete. `lmtp`, `old_mode`: -L, -o. Throws Fatal.
void complete_plan(source::SourceOptions& options, const ExtensionDraft& draft, bool lmtp,
                   bool old_mode);

}  // namespace millrace::cli
