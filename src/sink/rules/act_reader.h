#pragma once

#include "config/toml_file.h"
#include "sink/rules/rule.h"

namespace millrace::sink::rules {

// What a rule's `act` says; what of it does not go together is checked in rule_checks.h.
Act read_act(const toml::table& table, config::Mistakes& mistakes);

}  // namespace millrace::sink::rules
