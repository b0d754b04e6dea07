#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sink/rules/rule_set.h"

namespace millrace::sink::rules {

using Snapshot = std::shared_ptr<const RuleSet>;

// How often rules were used, by their names.
using Hits = std::vector<std::pair<std::string, std::uint64_t>>;

// The rules that hold for all workers of a sink, which one thread may put others in the place of.
// Safe on all threads.
class InForce {
 public:
  explicit InForce(Snapshot first) : current_(std::move(first)) {}

  [[nodiscard]] Snapshot current() const;
  void replace(Snapshot next);

  // A worker has used the rules of a set so often, in their order.
  void add_hits(const RuleSet& set, const std::vector<std::uint64_t>& hits);

  // Of the rules that hold, in their order, then of those that held before.
  [[nodiscard]] Hits hits() const;

 private:
  mutable std::mutex mutex_;
  Snapshot current_;
  std::map<std::string, std::uint64_t> hits_;
};

// The rules as one worker has them: a set that nobody changes, and how often each of it was used.
// Only what changes it takes a lock.
class WorkerRules {
 public:
  // `shared` must outlive this.
  explicit WorkerRules(InForce& shared) : shared_(shared) { take(shared.current()); }
  WorkerRules(const WorkerRules&) = delete;
  WorkerRules& operator=(const WorkerRules&) = delete;
  ~WorkerRules() { shared_.add_hits(*set_, hits_); }

  [[nodiscard]] const RuleSet& set() const { return *set_; }
  void hit(std::size_t index) { ++hits_[index]; }

  // Takes the rules that hold now. What was found in the others is gone.
  void renew();
  // Has how often they were used so far told to the others.
  void tell_hits();

 private:
  void take(Snapshot set);

  InForce& shared_;
  Snapshot set_;
  std::vector<std::uint64_t> hits_;  // a rule each
};

}  // namespace millrace::sink::rules
