#include "smtp/client_session.h"

#include <utility>

namespace millrace::smtp {

std::size_t ClientSession::feed(std::string_view bytes, Output& out) {
  std::string_view rest = bytes;
  std::size_t answerable = outstanding();  // not by what came before the command was sent
  Reply reply;
  while (!rest.empty()) {
    if (phase_ == DialoguePhase::securing) return bytes.size() - rest.size();
    if (over()) break;
    switch (replies_.next(rest, reply)) {
      case ReplyReader::Result::reply:
        if (answerable == 0) {  // notice (421), or a server that is out of step
          break_off(reply.closing() ? DialoguePhase::closed : DialoguePhase::broken,
                    "unasked reply: " + reply.line());
        } else if (take_reply(reply, out)) {
          --answerable;
        }
        break;
      case ReplyReader::Result::more:
        break;
      case ReplyReader::Result::too_long:
        break_off(DialoguePhase::broken, "reply too long");
        break;
    }
  }
  return bytes.size();
}

// Returns whether the reply was the last one to its command.
bool ClientSession::take_reply(const Reply& reply, Output& out) {
  const Outcome outcome = judge(reply);
  observer_.replied(pending_command(), reply, outcome);
  if (reply.closing()) {
    break_off(DialoguePhase::closed,
              phase_ == DialoguePhase::opening ? opening_.fault() : std::string());
  } else if (phase_ == DialoguePhase::opening) {
    opening_.take_reply(reply, outcome, out);
    follow_opening();
  } else if (phase_ == DialoguePhase::open) {
    return transactions_.take_reply(reply, outcome, out);
  } else {
    phase_ = DialoguePhase::finished;
  }
  return true;
}

void ClientSession::secured(Output& out) {
  opening_.secured(out);
  phase_ = DialoguePhase::opening;
}

void ClientSession::quit(Output& out) {
  out.append("QUIT\r\n");
  phase_ = DialoguePhase::leaving;
}

// Brings the phase in line with where the opening has got to.
void ClientSession::follow_opening() {
  switch (opening_.state()) {
    case ClientOpening::State::speaking:
      return;
    case ClientOpening::State::securing:
      phase_ = DialoguePhase::securing;
      return;
    case ClientOpening::State::failed:
      return break_off(DialoguePhase::opening_failed, opening_.fault());
    case ClientOpening::State::ready:
      phase_ = DialoguePhase::open;
      transactions_.open(opening_.used(), opening_.capabilities());
      if (transactions_.exhausted()) {
        break_off(DialoguePhase::opening_failed,
                  "server's LIMITS do not allow so many recipients on one session");
      }
      return;
  }
}

void ClientSession::break_off(DialoguePhase phase, std::string fault) {
  phase_ = phase;
  fault_ = std::move(fault);
}

bool ClientSession::over() const {
  return phase_ == DialoguePhase::finished || phase_ == DialoguePhase::closed ||
         phase_ == DialoguePhase::broken;
}

// How many commands are to be answered.
std::size_t ClientSession::outstanding() const {
  switch (phase_) {
    case DialoguePhase::opening:
    case DialoguePhase::leaving:
      return 1;
    case DialoguePhase::open:
      return transactions_.outstanding();
    default:
      return 0;
  }
}

PendingCommand ClientSession::pending_command() const {
  switch (phase_) {
    case DialoguePhase::opening:
    case DialoguePhase::securing:
    case DialoguePhase::opening_failed:
      return {.verb = opening_.awaited()};
    case DialoguePhase::leaving:
    case DialoguePhase::finished:
      return {.verb = Verb::quit};
    default:
      return opening_.state() == ClientOpening::State::ready ? transactions_.pending_command()
                                                             : PendingCommand{opening_.awaited()};
  }
}

// No plan foresees that the server closes the session (RFC 5321, 3.8; RFC 7504). What the opening
// has against the server says more than its last reply.
Outcome ClientSession::judge(const Reply& reply) const {
  const bool told = phase_ == DialoguePhase::opening && !opening_.fault().empty();
  if (reply.closing() && !told) return Outcome::refused;
  switch (phase_) {
    case DialoguePhase::opening:
      return opening_.judge(reply);
    case DialoguePhase::open:
      return transactions_.judge(reply);
    default:
      return reply.positive_completion() ? Outcome::expected : Outcome::refused;
  }
}

}  // namespace millrace::smtp
