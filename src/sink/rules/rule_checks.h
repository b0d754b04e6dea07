#pragma once

#include "config/toml_file.h"
#include "sink/rules/rule.h"

namespace millrace::sink::rules {

// A rule as it stands in a file.
struct WrittenRule {
  const toml::table& match;
  const toml::table& act;
  bool all_commands = false;  // MatchRead
};

// Whether what a rule says makes sense: that its conditions are known at its moments, what its
// actions do there and with each other, and that its reply is one that may be given there. What
// does not is a mistake. Fills in what goes without saying: of a rule for all commands, those that
// are meant; the reply of greylisting; that a refusal of content ends the connection.
void complete(const WrittenRule& written, Rule& rule, config::Mistakes& mistakes);

}  // namespace millrace::sink::rules
