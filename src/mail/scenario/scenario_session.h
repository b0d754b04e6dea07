#pragma once

#include "config/toml_file.h"
#include "mail/scenario/scenario.h"

namespace millrace::mail {

// What the table [session] of a scenario says.
SessionMix read_session(const toml::table& table, config::Mistakes& mistakes);

}  // namespace millrace::mail
