#pragma once

#include "config/toml_file.h"
#include "mail/clients/client_group.h"

namespace millrace::mail {

// What a [[client]] says.
ClientGroup read_client(const toml::table& table, config::Mistakes& mistakes);

}  // namespace millrace::mail
