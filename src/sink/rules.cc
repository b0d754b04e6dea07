#include "sink/rules.h"

namespace millrace::sink {

smtp::Ruling Rules::ruling(smtp::Verb verb) const {
  using Action = smtp::Ruling::Action;
  switch ((*this)[verb].action) {
    case Rule::Action::drop:
      return {.action = Action::drop};
    case Rule::Action::farewell:
      return {.action = Action::farewell, .reply = "421 4.0.0 Server closing connection\r\n"};
    case Rule::Action::hard_reject:
      return {.action = Action::answer, .reply = hard_reply};
    case Rule::Action::soft_reject:
      return {.action = Action::answer, .reply = soft_reply};
    case Rule::Action::proceed:
      break;
  }
  return {};
}

}  // namespace millrace::sink
