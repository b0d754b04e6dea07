#pragma once

#include "config/toml_file.h"
#include "mail/scenario/scenario.h"

namespace millrace::mail {

// What a table [[message]] of a scenario says.
MessageKind read_kind(const toml::table& table, config::Mistakes& mistakes);

}  // namespace millrace::mail
