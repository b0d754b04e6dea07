#include "sink/rules/decision.h"

namespace millrace::sink::rules {
namespace {

using Action = smtp::Decision::Action;

// Closing takes the place of what a reply alone would do.
Action action_of(Disconnect disconnect, const smtp::GivenReply& reply) {
  if (disconnect != Disconnect::none) return reply ? Action::farewell : Action::drop;
  if (!reply || smtp::positive(*reply)) return Action::proceed;
  return Action::answer;
}

}  // namespace

smtp::Decision decision_of(const Found& found, const Facts& facts) {
  static const smtp::GivenReply kFarewell =
      smtp::given_reply("421 4.0.0 Server closing connection\r\n");
  const Act& act = found.rule->act;
  smtp::Decision decision{.reset = act.disconnect == Disconnect::reset,
                          .repeat = act.repeat,
                          .step = act.tarpit,
                          .content_limit = act.drop_after.value_or(smtp::Decision::kNoLimit)};
  if (act.delay) decision.wait = draw(*act.delay, found.state->dice.roll(), found.groups);
  if (act.stall) {
    decision.action = Action::stall;
    return decision;
  }
  if (act.reply) {
    decision.reply = act.reply->compose(
        facts, {.rule = found.rule->name, .count = found.count, .groups = &found.groups});
  } else if (act.disconnect == Disconnect::farewell) {
    decision.reply = kFarewell;
  }
  decision.action = action_of(act.disconnect, decision.reply);
  return decision;
}

}  // namespace millrace::sink::rules
