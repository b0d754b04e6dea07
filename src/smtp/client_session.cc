#include "smtp/client_session.h"

namespace millrace::smtp {

bool expected_reply(Verb answered, const Reply& reply) {
  return answered == Verb::data ? reply.positive_intermediate() : reply.positive_completion();
}

void ClientSession::feed(std::string_view bytes, Output& out) {
  Reply reply;
  const std::size_t unsent = out.size();
  while (!bytes.empty()) {
    if (phase_ == Phase::finished || phase_ == Phase::closed || phase_ == Phase::broken) return;
    switch (replies_.next(bytes, reply)) {
      case ReplyReader::Result::reply:
        // What came before the command was sent cannot answer it.
        if (phase_ == Phase::ready || out.size() != unsent) return refuse_unasked(reply);
        take_reply(reply, out);
        break;
      case ReplyReader::Result::more:
        return;
      case ReplyReader::Result::too_long:
        fault_ = "reply too long";
        phase_ = Phase::broken;
        return;
    }
  }
}

void ClientSession::send(const Envelope& envelope, Output& out) {
  envelope_ = &envelope;
  recipients_sent_ = 0;
  recipients_accepted_ = 0;
  envelope.append_mail(out);
  command(Verb::mail, {}, out);
}

void ClientSession::quit(Output& out) { command(Verb::quit, "QUIT\r\n", out); }

void ClientSession::take_reply(const Reply& reply, Output& out) {
  const bool expected = expected_reply(awaited_, reply);
  observer_.replied(awaited_, reply, expected);
  if (reply.closing()) {
    phase_ = Phase::closed;
    return;
  }
  switch (awaited_) {
    case Verb::connect:
      return hello_.empty() ? be_ready() : command(hello_verb_, hello_, out);
    case Verb::mail:
      return expected ? next_recipient(out) : reset(out);
    case Verb::rcpt:
      if (expected) ++recipients_accepted_;
      return next_recipient(out);
    case Verb::data:
      if (!expected) return reset(out);
      envelope_->append_content(out);
      replies_due_ = hello_verb_ == Verb::lhlo ? recipients_accepted_ : 1;
      return command(Verb::end_of_data, {}, out);
    case Verb::end_of_data:
      return --replies_due_ == 0 ? be_ready() : void();
    case Verb::quit:
      phase_ = Phase::finished;
      return;
    default:  // HELO, EHLO, LHLO, RSET
      return be_ready();
  }
}

// Names the next recipient or, after the last one, goes on to DATA.
void ClientSession::next_recipient(Output& out) {
  if (recipients_sent_ < envelope_->recipients()) {
    envelope_->append_rcpt(recipients_sent_++, out);
    return command(Verb::rcpt, {}, out);
  }
  if (recipients_accepted_ == 0) return reset(out);
  command(Verb::data, "DATA\r\n", out);
}

void ClientSession::command(Verb verb, std::string_view text, Output& out) {
  out.append(text);
  awaited_ = verb;
  phase_ = Phase::busy;
}

void ClientSession::reset(Output& out) { command(Verb::rset, "RSET\r\n", out); }

void ClientSession::be_ready() { phase_ = Phase::ready; }

// A reply to nothing: a server that gives notice (421), or one that is out of step.
void ClientSession::refuse_unasked(const Reply& reply) {
  fault_ = "unasked reply: " + std::string(reply.text);
  phase_ = reply.closing() ? Phase::closed : Phase::broken;
}

}  // namespace millrace::smtp
