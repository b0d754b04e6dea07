#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "sink/options.h"
#include "sink/rules/in_force.h"
#include "sink/rules/rule_files.h"
#include "sink/rules/rule_set.h"
#include "sink/rules/windows.h"

namespace millrace::sink {

// The rules of a sink: those of the files that it was started with, or what was put in their place,
// then those that its options are; and what all workers count for them.
class RuleBook {
 public:
  // Reads the files. Throws Fatal when anything is wrong with them, which is told before.
  explicit RuleBook(const SinkOptions& options);

  // Reads them again, on any thread. Where anything is wrong that is told, and nothing changes.
  // Returns whether other rules hold now.
  bool reload();

  // From any thread, one at a time: has `look` see the rules that have names.
  void read(const std::function<void(const rules::RulesRead& named)>& look) const;
  // The same, which may change them: they hold when it returns true, for workers when they are
  // woken. There must be no mistakes in what it leaves then.
  bool change(const std::function<bool(rules::RulesRead& named)>& change);
  // Those that it was started with.
  void restore();
  // How often they have been changed.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

  [[nodiscard]] rules::InForce& in_force() { return in_force_; }
  [[nodiscard]] rules::Windows& windows() { return windows_; }
  // There are files of rules.
  [[nodiscard]] bool from_files() const { return !files_.empty(); }
  // There are rules with names, or may be, so that a session has to know what they may ask.
  [[nodiscard]] bool needs_facts() const { return needs_facts_; }
  [[nodiscard]] TimePoint start() const { return start_; }
  // Of a session that begins; from 1.
  [[nodiscard]] std::uint64_t next_session() {
    return sessions_.fetch_add(1, std::memory_order_relaxed) + 1;
  }

 private:
  rules::Snapshot compile();
  void hold(rules::RulesRead named);

  const TimePoint start_ = Clock::now();
  const bool needs_facts_;
  const std::vector<rules::Rule> option_rules_;
  const rules::RuleFiles files_;
  mutable std::mutex mutex_;  // of the next four
  rules::RulesRead named_;
  const rules::RulesRead first_;  // those that it was started with, where they may be changed
  rules::RuleStates states_;
  rules::Windows windows_;
  rules::InForce in_force_;
  std::atomic<std::uint64_t> changes_{0};
  std::atomic<std::uint64_t> sessions_{0};
};

// --check-rules: says what is wrong with the files of rules, a line a mistake, or that nothing is.
// Returns whether nothing is.
bool check_rules(const std::vector<std::string>& paths);

}  // namespace millrace::sink
