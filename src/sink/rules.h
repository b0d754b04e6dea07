// sink/ takes mail off a server: listeners, sessions, rules, capture, counters, workers. It
// knows no option names.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <random>

#include "base/time.h"
#include "smtp/server_policy.h"
#include "smtp/verb.h"

namespace millrace::sink {

// How long a reply waits.
struct Delay {
  Duration step{0};
  // 0: always one step. 1-99: a random multiple, a further step for each roll of a hundred-sided
  // die (0-99) below this.
  int odds = 0;

  template <typename Random>
  Duration draw(Random& random) const {
    if (odds == 0) return step;
    std::uniform_int_distribution<int> roll(0, 99);
    Duration total{0};
    while (roll(random) < odds) total += step;
    return total;
  }
};

// What the sink does when a command arrives, besides replying.
struct Rule {
  // In the order of precedence: when several are asked for one command, the last of these wins.
  enum class Action : std::uint8_t { proceed, soft_reject, hard_reject, farewell, drop };

  Action action = Action::proceed;
  bool log = false;            // to syslog
  std::optional<Delay> delay;  // before the normal reply

  // Lets `wanted` act unless something stronger was asked for already.
  void prefer(Action wanted) { action = std::max(action, wanted); }
};

// The rules of a sink, one a verb, and what they say.
struct Rules {
  std::array<Rule, smtp::kVerbCount> of_verb;
  smtp::GivenReply soft_reply = smtp::given_reply("450 4.3.0 Error: command failed\r\n");
  smtp::GivenReply hard_reply = smtp::given_reply("500 5.3.0 Error: command failed\r\n");

  Rule& operator[](smtp::Verb verb) { return of_verb[index(verb)]; }
  const Rule& operator[](smtp::Verb verb) const { return of_verb[index(verb)]; }

  // Whether any command is to be logged.
  [[nodiscard]] bool any_logged() const {
    return std::any_of(of_verb.begin(), of_verb.end(), [](const Rule& rule) { return rule.log; });
  }

  // What becomes of a command.
  [[nodiscard]] smtp::Decision decide(smtp::Verb verb, std::mt19937& random) const;
};

}  // namespace millrace::sink
