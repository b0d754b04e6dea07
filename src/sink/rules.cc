#include "sink/rules.h"

namespace millrace::sink {

smtp::Decision Rules::decide(smtp::Verb verb, std::mt19937& random) const {
  using Action = smtp::Decision::Action;
  static const smtp::GivenReply kFarewell =
      smtp::given_reply("421 4.0.0 Server closing connection\r\n");
  const Rule& rule = (*this)[verb];
  switch (rule.action) {
    case Rule::Action::drop:
      return {.action = Action::drop};
    case Rule::Action::farewell:
      return {.action = Action::farewell, .reply = kFarewell};
    case Rule::Action::hard_reject:
      return {.action = Action::answer, .reply = hard_reply};
    case Rule::Action::soft_reject:
      return {.action = Action::answer, .reply = soft_reply};
    case Rule::Action::proceed:
      break;
  }
  return {.wait = rule.delay ? rule.delay->draw(random) : Duration::zero()};
}

}  // namespace millrace::sink
