#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sink/rules/rule.h"

namespace millrace::sink::rules {

// So many rules a run may have: what a report can tell of.
inline constexpr std::size_t kMostRules = 5'000;

// What files of rules say (TOML; millrace-rules(5)).
struct RulesRead {
  std::vector<Rule> rules;  // in their order; meant to be used only where there are no mistakes
  // Each as it was written: what stands below its [[rule]] in a file of that rule alone.
  std::vector<std::string> sources;
  // All of them, each "FILE:LINE:COLUMN: what is wrong (expected what)", in their order.
  std::vector<std::string> mistakes;
};

// A file that has been read.
struct RuleFile {
  std::string name;  // for mistakes
  std::string text;
};

// The rules of one file, or of all files of a run, which share names. Never throws for what a text
// holds.
RulesRead read_rules(std::string_view text, std::string_view name);
RulesRead read_rules(std::span<const RuleFile> files);

}  // namespace millrace::sink::rules
