#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sink/rules/pattern.h"
#include "sink/rules/rule.h"
#include "sink/rules/rule_state.h"

namespace millrace::sink::rules {

// What was found of rules that are about a message and not about one of its recipients, while they
// are asked for each of them: such a rule is asked once.
class OncePerMessage {
 public:
  enum class Asked : std::uint8_t { no, holds, does_not };

  explicit OncePerMessage(std::size_t rules) : of_rule_(rules) {}

  Asked& operator[](std::size_t rule) { return of_rule_[rule]; }

 private:
  std::vector<Asked> of_rule_;
};

// The rule that matched, and what it was matched with. Views are into the facts.
struct Found {
  const Rule* rule = nullptr;  // null: none
  std::size_t index = 0;       // in the set
  RuleState* state = nullptr;
  std::uint64_t count = 0;  // for {count}: in its window; else how often it has matched, if asked
  std::string_view recipient;               // of several, the first that it holds for
  bool again = false;                       // it was found before, for another recipient
  Groups groups;                            // empty unless the rule asks for them
  std::unique_ptr<const std::string> line;  // of a folded header: what groups are views into
};

}  // namespace millrace::sink::rules
