#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sink/rules/dice.h"

namespace millrace::sink::rules {

// What of a rule goes on when rules are read again. Safe on all threads.
struct RuleState {
  RuleState(std::uint64_t seed, std::string_view rule)
      : dice(seed, rule), chance(Roll(seed)(), rule) {}

  Dice dice;  // of its delays
  // Of `probability`: not the same ones, so that how often a rule matches does not depend on which
  // thread draws a delay in between.
  Dice chance;
  std::atomic<std::uint64_t> candidates{0};  // for `nth`
  std::atomic<std::uint64_t> matches{0};     // where the reply names {count}
};

// The states of rules by their names. One stays while somebody has it. For one thread at a time.
class RuleStates {
 public:
  explicit RuleStates(std::uint64_t seed) : seed_(seed) {}

  std::shared_ptr<RuleState> of(std::string_view rule);

  // Those that nobody has any more go.
  void tidy();

 private:
  std::uint64_t seed_;
  std::map<std::string, std::weak_ptr<RuleState>, std::less<>> states_;
};

}  // namespace millrace::sink::rules
