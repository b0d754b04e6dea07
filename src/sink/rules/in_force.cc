#include "sink/rules/in_force.h"

#include <algorithm>

namespace millrace::sink::rules {
namespace {

// So many names may be counted in all, where rules are changed again and again while a sink runs.
constexpr std::size_t kMostNames = 100'000;

}  // namespace

Snapshot InForce::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void InForce::replace(Snapshot next) {
  const std::lock_guard lock(mutex_);
  current_.swap(next);
}

void InForce::add_hits(const RuleSet& set, const std::vector<std::uint64_t>& hits) {
  const std::lock_guard lock(mutex_);
  for (std::size_t rule = 0; rule < hits.size(); ++rule) {
    const std::string& name = set.rules()[rule].name;
    if (name.empty() || (hits_.size() >= kMostNames && !hits_.contains(name))) continue;
    hits_[name] += hits[rule];
  }
}

Hits InForce::hits() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> left = hits_;
  Hits hits;
  for (const Rule& rule : current_->rules()) {
    if (rule.name.empty()) continue;
    const auto counted = left.extract(rule.name);
    hits.emplace_back(rule.name, counted ? counted.mapped() : 0);
  }
  hits.insert(hits.end(), left.begin(), left.end());
  return hits;
}

void WorkerRules::renew() {
  Snapshot now = shared_.current();
  if (now == set_) return;
  shared_.add_hits(*set_, hits_);
  take(std::move(now));
}

void WorkerRules::tell_hits() {
  shared_.add_hits(*set_, hits_);
  std::fill(hits_.begin(), hits_.end(), 0);
}

void WorkerRules::take(Snapshot set) {
  set_ = std::move(set);
  hits_.assign(set_->rules().size(), 0);
}

}  // namespace millrace::sink::rules
