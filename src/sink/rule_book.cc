#include "sink/rule_book.h"

#include <fmt/format.h>

#include <utility>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "base/roll.h"
#include "config/refusal.h"

namespace millrace::sink {
namespace {

// Rules without a mistake.
rules::RulesRead read(const rules::RuleFiles& files, bool again = false) {
  rules::RulesRead read = files.read(again);
  if (read.mistakes.empty()) return read;
  config::refuse("rules", read.mistakes);
}

}  // namespace

RuleBook::RuleBook(const SinkOptions& options)
    : option_rules_(rules::option_rules(options.commands)),
      files_(options.rule_files),
      states_(options.seed.value_or(random_seed())),
      windows_(random_seed()),
      in_force_(compile(read(files_))) {}

rules::Snapshot RuleBook::compile(rules::RulesRead read) {
  std::vector<rules::Rule> all = std::move(read.rules);
  all.insert(all.end(), option_rules_.begin(), option_rules_.end());
  return std::make_shared<const rules::RuleSet>(std::move(all), states_, windows_);
}

bool RuleBook::reload() {
  try {
    in_force_.replace(compile(read(files_, true)));
  } catch (const Fatal& mistakes) {
    warn(fmt::format("{}: the rules stay as they were", mistakes.what()));
    return false;
  }
  inform("rules read again");
  return true;
}

bool check_rules(const std::vector<std::string>& paths) {
  const rules::RulesRead read = rules::RuleFiles(paths).read();
  config::tell(read.mistakes);
  const std::size_t rules = read.rules.size();
  if (read.mistakes.empty()) fmt::print("{} rule{}, no mistakes\n", rules, plural(rules));
  return read.mistakes.empty();
}

}  // namespace millrace::sink
