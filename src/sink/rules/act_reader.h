#pragma once

#include "sink/rules/rule.h"
#include "sink/rules/toml_file.h"

namespace millrace::sink::rules {

// What a rule's `act` says; what of it does not go together is checked in rule_checks.h.
Act read_act(const toml::table& table, Mistakes& mistakes);

}  // namespace millrace::sink::rules
