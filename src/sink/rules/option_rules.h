#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sink/rules/delay.h"
#include "sink/rules/rule.h"
#include "smtp/verb.h"

namespace millrace::sink::rules {

// What options say of one command: -f, -r, -q, -Q, -W, -w.
struct CommandOption {
  // In the order of precedence: when several are asked for one command, the last of these wins.
  enum class Action : std::uint8_t { proceed, soft_reject, hard_reject, farewell, drop };

  Action action = Action::proceed;
  std::optional<Delay> delay;  // before the normal reply

  // Lets `wanted` act unless something stronger was asked for already.
  void prefer(Action wanted) { action = std::max(action, wanted); }
};

// The same of all commands, and of content: -H, -A.
struct CommandOptions {
  std::array<CommandOption, smtp::kVerbCount> of_verb;
  std::string soft_reply = "450 4.3.0 Error: command failed\r\n";
  std::string hard_reply = "500 5.3.0 Error: command failed\r\n";
  std::optional<Duration> content_delay;  // before content is read
  std::optional<Duration> abort_delay;    // instead: wait, refuse, close

  CommandOption& operator[](smtp::Verb verb) { return of_verb[smtp::index(verb)]; }
  const CommandOption& operator[](smtp::Verb verb) const { return of_verb[smtp::index(verb)]; }
};

// The rules that options are; they have no names, and come behind all others.
std::vector<Rule> option_rules(const CommandOptions& options);

}  // namespace millrace::sink::rules
