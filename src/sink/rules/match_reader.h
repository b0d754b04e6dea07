#pragma once

#include "config/toml_file.h"
#include "sink/rules/rule.h"

namespace millrace::sink::rules {

// What a rule's `match` says.
struct MatchRead {
  Match match;
  // Its commands are not named but all others ("*", or negated ones only): those where the rest
  // makes no sense are not meant.
  bool all_commands = false;
};

MatchRead read_match(const toml::table& table, config::Mistakes& mistakes);

}  // namespace millrace::sink::rules
