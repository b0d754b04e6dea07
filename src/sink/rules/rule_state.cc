#include "sink/rules/rule_state.h"

namespace millrace::sink::rules {

std::shared_ptr<RuleState> RuleStates::of(std::string_view rule) {
  const auto place = states_.try_emplace(std::string(rule)).first;
  auto state = place->second.lock();
  if (state == nullptr) {
    state = std::make_shared<RuleState>(seed_, rule);
    place->second = state;
  }
  return state;
}

void RuleStates::tidy() {
  std::erase_if(states_, [](const auto& state) { return state.second.expired(); });
}

}  // namespace millrace::sink::rules
