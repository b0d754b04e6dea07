#pragma once

#include "config/toml_file.h"
#include "mail/scenario/scenario.h"

namespace millrace::mail {

// What the tables [senders] and [recipients] of a scenario say.
SenderMix read_senders(const toml::table& table, config::Mistakes& mistakes);
RecipientMix read_recipients(const toml::table& table, config::Mistakes& mistakes);

}  // namespace millrace::mail
