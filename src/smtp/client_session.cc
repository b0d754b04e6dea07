#include "smtp/client_session.h"

#include <utility>

namespace millrace::smtp {

std::size_t ClientSession::feed(std::string_view bytes, Output& out) {
  std::string_view rest = bytes;
  std::size_t answerable = outstanding();  // not by what came before the command was sent
  Reply reply;
  while (!rest.empty()) {
    if (phase_ == Phase::securing) return bytes.size() - rest.size();
    if (over()) break;
    switch (replies_.next(rest, reply)) {
      case ReplyReader::Result::reply:
        if (answerable == 0) {  // notice (421), or a server that is out of step
          break_off(reply.closing() ? Phase::closed : Phase::broken,
                    "unasked reply: " + reply.line());
        } else if (take_reply(reply, out)) {
          --answerable;
        }
        break;
      case ReplyReader::Result::more:
        break;
      case ReplyReader::Result::too_long:
        break_off(Phase::broken, "reply too long");
        break;
    }
  }
  return bytes.size();
}

// Returns whether the reply was the last one to its command.
bool ClientSession::take_reply(const Reply& reply, Output& out) {
  const Outcome outcome = judge(reply);
  observer_.replied(question(), reply, outcome);
  if (reply.closing()) {
    break_off(Phase::closed, phase_ == Phase::opening ? opening_.fault() : std::string());
    return true;
  }
  switch (phase_) {
    case Phase::opening:
      opening_.take_reply(reply, outcome, out);
      enter_stage();
      return true;
    case Phase::open:
      return transactions_.take_reply(reply, outcome, out);
    default:
      phase_ = Phase::finished;
      return true;
  }
}

void ClientSession::secured(Output& out) {
  opening_.secured(out);
  phase_ = Phase::opening;
}

void ClientSession::quit(Output& out) {
  out.append("QUIT\r\n");
  phase_ = Phase::leaving;
}

// Brings the phase in line with where the opening has got to.
void ClientSession::enter_stage() {
  switch (opening_.stage()) {
    case ClientOpening::Stage::speaking:
      return;
    case ClientOpening::Stage::securing:
      phase_ = Phase::securing;
      return;
    case ClientOpening::Stage::unfit:
      return break_off(Phase::unfit, opening_.fault());
    case ClientOpening::Stage::ready:
      phase_ = Phase::open;
      transactions_.open(opening_.used(), opening_.announcement());
      if (transactions_.spent()) {
        break_off(Phase::unfit, "server's LIMITS do not allow so many recipients on one session");
      }
      return;
  }
}

void ClientSession::break_off(Phase phase, std::string fault) {
  phase_ = phase;
  fault_ = std::move(fault);
}

bool ClientSession::over() const {
  return phase_ == Phase::finished || phase_ == Phase::closed || phase_ == Phase::broken;
}

// How many commands are to be answered.
std::size_t ClientSession::outstanding() const {
  switch (phase_) {
    case Phase::opening:
    case Phase::leaving:
      return 1;
    case Phase::open:
      return transactions_.outstanding();
    default:
      return 0;
  }
}

Question ClientSession::question() const {
  switch (phase_) {
    case Phase::opening:
    case Phase::securing:
    case Phase::unfit:
      return {.verb = opening_.awaited()};
    case Phase::leaving:
    case Phase::finished:
      return {.verb = Verb::quit};
    default:
      return opening_.stage() == ClientOpening::Stage::ready ? transactions_.question()
                                                             : Question{opening_.awaited()};
  }
}

// No plan foresees that the server closes the session (RFC 5321, 3.8; RFC 7504). What the opening
// has against the server says more than its last reply.
Outcome ClientSession::judge(const Reply& reply) const {
  const bool told = phase_ == Phase::opening && !opening_.fault().empty();
  if (reply.closing() && !told) return Outcome::refused;
  switch (phase_) {
    case Phase::opening:
      return opening_.judge(reply);
    case Phase::open:
      return transactions_.judge(reply);
    default:
      return reply.positive_completion() ? Outcome::expected : Outcome::refused;
  }
}

}  // namespace millrace::smtp
