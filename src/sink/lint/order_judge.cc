#include "sink/lint/order_judge.h"

#include <utility>

#include "sink/lint/command_form.h"

namespace millrace::sink {
namespace {

using smtp::Verb;

// RFC 5321, 4.1.4: what may come without it is none of these.
bool needs_hello(Verb verb) {
  return verb == Verb::mail || verb == Verb::auth || verb == Verb::starttls;
}

}  // namespace

void OrderJudge::hello_forgotten() {
  if (hello_ == Hello::said) hello_ = Hello::forgotten;
  told_ = false;
  authenticated_ = false;
  open_ = false;
  tried_ = Tried::nothing;
}

void OrderJudge::commanded(Verb verb, std::string_view sample) {
  judge_hello(verb, sample);
  if (!in_order(verb)) findings_.add(Finding::order, sample);
  go_on(verb);
}

// What is missing is told once, and stands in the way until it comes.
void OrderJudge::judge_hello(Verb verb, std::string_view sample) {
  if (says_hello(verb) || verb == Verb::quit || hello_ == Hello::said) return;
  const bool forgotten = hello_ == Hello::forgotten;
  if (!forgotten && !needs_hello(verb)) return;
  const Finding missing = forgotten ? Finding::no_hello_after_tls : Finding::no_hello;
  if (std::exchange(told_, true)) return findings_.object({.finding = missing});
  findings_.add(missing, sample);
}

bool OrderJudge::in_order(Verb verb) const {
  switch (verb) {
    case Verb::mail:
      return !open_;
    case Verb::rcpt:
      return tried_ == Tried::mail || tried_ == Tried::recipient;
    case Verb::data:
      return tried_ == Tried::recipient;
    case Verb::bdat:
      return tried_ == Tried::recipient || tried_ == Tried::chunk;
    case Verb::auth:
      return !open_ && !authenticated_;
    case Verb::starttls:
      return !secured_;
    default:
      return true;
  }
}

void OrderJudge::go_on(Verb verb) {
  if (says_hello(verb) || verb == Verb::rset) tried_ = Tried::nothing;
  if (verb == Verb::mail) tried_ = Tried::mail;
  if (verb == Verb::rcpt && tried_ == Tried::mail) tried_ = Tried::recipient;
  if (verb == Verb::bdat && tried_ == Tried::recipient) tried_ = Tried::chunk;
}

}  // namespace millrace::sink
