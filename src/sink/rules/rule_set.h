#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "sink/rules/by_domain.h"
#include "sink/rules/conditions.h"
#include "sink/rules/facts.h"
#include "sink/rules/found.h"
#include "sink/rules/needs.h"
#include "sink/rules/rule.h"
#include "sink/rules/rule_state.h"
#include "sink/rules/windows.h"

namespace millrace::sink::rules {

// The rules of a sink, in their order, immutable, for all threads.
class RuleSet {
 public:
  // `windows` must outlive this. States are those of the rules' names, whichever set had them; what
  // no set has any more is forgotten.
  RuleSet(std::vector<Rule> rules, RuleStates& states, Windows& windows);
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  // Whether no rule is about this moment: then it need not be asked.
  [[nodiscard]] bool silent(Moment moment) const { return of_moment_[moment].empty(); }

  // The first rule that matches. What conditions count is counted where all before them hold. A
  // rule that greylists is passed over for whom it knows long enough. Allocates nothing unless the
  // rule asks for groups. That none of 100 rules matches takes 25 ns where each is about a domain
  // (CPU time, measured), and about 10 ns a rule where they are of senders or networks.
  // `once`: while it is asked for each recipient of a message.
  [[nodiscard]] Found find(Moment moment, const Facts& facts, OncePerMessage* once = nullptr) const;

  [[nodiscard]] std::span<const Rule> rules() const { return rules_; }
  // That of one of its rules.
  [[nodiscard]] RuleState* state(const Rule& rule) const {
    return prepared_[static_cast<std::size_t>(&rule - rules_.data())].state.get();
  }

  using Needs = rules::Needs;
  [[nodiscard]] const Needs& needs() const { return needs_; }

 private:
  // What is known of a rule before it is asked.
  struct Prepared {
    std::shared_ptr<RuleState> state;
    Conditions conditions = 0;
    bool of_recipient = false;           // else it is asked once, where many recipients are
    const Patterns* grouping = nullptr;  // whose groups it names
    bool counted = false;                // how often it matches
  };

  bool matches(std::size_t place, Moment moment, const Facts& facts, Found& found) const;
  bool counts_match(const Rule& rule, RuleState& state, const Facts& facts, Found& found) const;

  const std::vector<Rule> rules_;
  std::vector<Prepared> prepared_;  // a rule each
  std::array<ByDomain, kMomentCount> of_moment_;
  Needs needs_;
  Windows& windows_;
};

}  // namespace millrace::sink::rules
