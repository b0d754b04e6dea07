#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "sink/options.h"
#include "sink/rules/in_force.h"
#include "sink/rules/rule_files.h"
#include "sink/rules/rule_set.h"
#include "sink/rules/windows.h"

namespace millrace::sink {

// The rules of a sink: those of the files that it was started with, then those that its options
// are; and what all workers count for them.
class RuleBook {
 public:
  // Reads the files. Throws Fatal when anything is wrong with them, which is told before.
  explicit RuleBook(const SinkOptions& options);

  // Reads them again, on any one thread. Where anything is wrong that is told, and nothing changes.
  // Returns whether other rules hold now.
  bool reload();

  [[nodiscard]] rules::InForce& in_force() { return in_force_; }
  [[nodiscard]] rules::Windows& windows() { return windows_; }
  // There are files of rules, so that a session has to know what they may ask.
  [[nodiscard]] bool from_files() const { return !files_.empty(); }
  [[nodiscard]] TimePoint start() const { return start_; }
  // Of a session that begins; from 1.
  [[nodiscard]] std::uint64_t next_session() {
    return sessions_.fetch_add(1, std::memory_order_relaxed) + 1;
  }

 private:
  rules::Snapshot compile(rules::RulesRead read);

  const TimePoint start_ = Clock::now();
  const std::vector<rules::Rule> option_rules_;
  const rules::RuleFiles files_;
  rules::RuleStates states_;
  rules::Windows windows_;
  rules::InForce in_force_;
  std::atomic<std::uint64_t> sessions_{0};
};

// --check-rules: says what is wrong with the files of rules, a line a mistake, or that nothing is.
// Returns whether nothing is.
bool check_rules(const std::vector<std::string>& paths);

}  // namespace millrace::sink
