#include "sink/rules/option_rules.h"

#include <utility>

namespace millrace::sink::rules {
namespace {

Act act_of(const CommandOption& option, const CommandOptions& options) {
  using Action = CommandOption::Action;
  Act act;
  switch (option.action) {
    case Action::proceed:
      act.delay = option.delay;
      break;
    case Action::soft_reject:
      act.reply = ReplyText::raw(options.soft_reply);
      break;
    case Action::hard_reject:
      act.reply = ReplyText::raw(options.hard_reply);
      break;
    case Action::farewell:
      act.disconnect = Disconnect::farewell;
      break;
    case Action::drop:
      act.disconnect = Disconnect::close;
      break;
  }
  return act;
}

void add(std::vector<Rule>& rules, Moment moment, Act act) {
  Rule rule{.act = std::move(act)};
  rule.match.moments.set(moment);
  rules.push_back(std::move(rule));
}

}  // namespace

std::vector<Rule> option_rules(const CommandOptions& options) {
  std::vector<Rule> rules;
  for (Moment moment = 0; moment < smtp::kVerbCount; ++moment) {
    const CommandOption& option = options.of_verb[moment];
    if (option.action != CommandOption::Action::proceed || option.delay) {
      add(rules, moment, act_of(option, options));
    }
  }
  if (options.abort_delay) {
    add(rules, kContent,
        {.reply = ReplyText::raw("550 This violates SMTP\r\n"),
         .disconnect = Disconnect::close,
         .delay = fixed(*options.abort_delay)});
  } else if (options.content_delay) {
    add(rules, kContent, {.delay = fixed(*options.content_delay)});
  }
  return rules;
}

}  // namespace millrace::sink::rules
