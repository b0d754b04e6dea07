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
rules::RulesRead read_files(const rules::RuleFiles& files, bool again = false) {
  rules::RulesRead read = files.read(again);
  if (read.mistakes.empty()) return read;
  config::refuse("rules", read.mistakes);
}

}  // namespace

RuleBook::RuleBook(const SinkOptions& options)
    : needs_facts_(!options.rule_files.empty() || options.http),
      option_rules_(rules::option_rules(options.commands)),
      files_(options.rule_files),
      named_(read_files(files_)),
      first_(options.http ? named_ : rules::RulesRead{}),
      states_(options.seed.value_or(random_seed())),
      windows_(random_seed()),
      in_force_(compile()) {}

rules::Snapshot RuleBook::compile() {
  std::vector<rules::Rule> all = named_.rules;
  all.insert(all.end(), option_rules_.begin(), option_rules_.end());
  return std::make_shared<const rules::RuleSet>(std::move(all), states_, windows_);
}

void RuleBook::hold(rules::RulesRead named) {
  named_ = std::move(named);
  in_force_.replace(compile());
  ++changes_;
}

void RuleBook::read(const std::function<void(const rules::RulesRead& named)>& look) const {
  const std::lock_guard lock(mutex_);
  look(named_);
}

bool RuleBook::change(const std::function<bool(rules::RulesRead& named)>& change) {
  const std::lock_guard lock(mutex_);
  rules::RulesRead named = named_;
  if (!change(named)) return false;
  hold(std::move(named));
  return true;
}

void RuleBook::restore() {
  const std::lock_guard lock(mutex_);
  hold(first_);
}

bool RuleBook::reload() {
  try {
    rules::RulesRead named = read_files(files_, true);
    const std::lock_guard lock(mutex_);
    hold(std::move(named));
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
