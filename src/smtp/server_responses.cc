// How a server's session answers: at once, after a wait, step by step, in pieces, or never. What it
// answers is decided in server_session.cc and server_commands.cc.
#include <algorithm>

#include "smtp/server_replies.h"
#include "smtp/server_session.h"

namespace millrace::smtp {
namespace {

bool negative(std::string_view reply) { return reply.starts_with('4') || reply.starts_with('5'); }

}  // namespace

bool FinalReplies::accept(std::size_t recipient) const {
  const bool own = each != nullptr && recipient < each->size() && (*each)[recipient].text;
  return positive(own ? *(*each)[recipient].text : usual);
}

std::size_t FinalReplies::accepted(std::size_t recipients) const {
  if (each == nullptr) return positive(usual) ? recipients : 0;
  std::size_t accepted = 0;
  for (std::size_t number = 0; number < recipients; ++number) accepted += accept(number) ? 1 : 0;
  return accepted;
}

// What a decision makes of the usual response.
ServerSession::Response ServerSession::response_to(const Decision& decision, Response usual) {
  const Ending closing = decision.reset ? Ending::reset : Ending::dropped;
  switch (decision.action) {
    case Decision::Action::proceed:
      usual.step = decision.step;
      if (!positive(usual.reply)) return usual;
      if (decision.reply) {
        given_ = decision.reply;
        usual.reply = *given_;
        usual.repeat = decision.repeat;
      }
      if (decision.each && decision.each->size() == usual.copies) {
        given_each_ = decision.each;
        usual.each = given_each_.get();
      }
      return usual;
    case Decision::Action::answer:
      given_ = decision.reply;
      return {.reply = *given_,
              .copies = usual.copies,
              .step = decision.step,
              .repeat = decision.repeat};
    case Decision::Action::farewell:
      given_ = decision.reply;
      return {.reply = *given_,
              .step = decision.step,
              .ending = decision.reset ? Ending::reset : Ending::farewell,
              .repeat = decision.repeat};
    case Decision::Action::stall:
      return {.reply = {}, .next = SessionPhase::stalled};
    case Decision::Action::drop:
      break;
  }
  return {.reply = {}, .ending = closing};
}

void ServerSession::give(const Response& response, Duration wait, Output& out) {
  if (wait <= Duration::zero()) return emit(response, out);
  pause(response, wait);
}

void ServerSession::pause(const Response& response, Duration wait) {
  pending_ = response;
  wait_ = wait;
  phase_ = SessionPhase::paused;
}

void ServerSession::resume(Output& out) {
  if (phase_ == SessionPhase::paused && pending_.written == 0) return emit(pending_, out);
  if (phase_ == SessionPhase::paused || phase_ == SessionPhase::replying) {
    Response rest = pending_;
    append_replies(rest, out);
  }
}

void ServerSession::emit(Response response, Output& out) {
  if (owes_final_reply_) {
    const FinalReplies replies{.usual = response.reply, .each = response.each};
    if (replies.accepted(recipients_) > 0 && observer_.record_first(replies)) {
      pending_ = response;
      phase_ = SessionPhase::recording;
      return;
    }
  }
  answer(response, out);
}

void ServerSession::recorded(bool kept, Output& out) {
  Response response = pending_;
  if (!kept) {
    response.unrecorded = true;
    response.repeat = 1;
    if (positive(response.reply)) response.reply = replies::kNotStored;
  }
  answer(response, out);
}

void ServerSession::answer(Response response, Output& out) {
  response.refusal = tell(response);
  append_replies(response, out);
}

// Has the observer know of the replies, and of what became of the message that they are to. Returns
// whether nothing was taken.
bool ServerSession::tell(const Response& response) {
  if (response.reply.empty()) return false;
  std::size_t accepted = positive(response.reply) ? recipients_ : 0;
  if (response.each == nullptr) {
    observer_.replied(answering_, response.reply, response.copies);
  } else {
    accepted = 0;
    for (Response one = response; one.copies > 0; --one.copies) {
      const std::string_view reply = next_copy(one).reply;
      observer_.replied(answering_, reply, 1);
      if (positive(reply)) ++accepted;
    }
  }
  if (owes_final_reply_) observer_.message_answered(accepted);
  return response.each == nullptr ? negative(response.reply) : accepted == 0;
}

ServerSession::Copy ServerSession::next_copy(const Response& response) {
  if (response.each != nullptr) {
    const auto& own = (*response.each)[response.each->size() - response.copies];
    if (own.text && response.unrecorded && positive(*own.text)) {
      return {.reply = replies::kNotStored, .repeat = 1};
    }
    if (own.text) return {.reply = *own.text, .repeat = own.repeat};
  }
  return {.reply = response.reply, .repeat = response.repeat};
}

// Appends a reply as often as it is due, and goes on. Of many copies those that pass the bound
// wait until the client has taken what is ahead of them; one that comes step by step has a pause
// behind each byte.
void ServerSession::append_replies(Response& response, Output& out) {
  while (response.copies > 0) {
    const auto [reply, repeat] = next_copy(response);
    const bool last = response.copies == 1 && response.said + 1 >= repeat;
    if (!last && out.size() >= kReplyBound) {
      pending_ = response;
      phase_ = SessionPhase::replying;
      return;
    }
    if (response.step <= Duration::zero()) {
      out.append(reply);
    } else if (response.written < reply.size()) {
      out.append(reply.substr(response.written++, 1));
      return pause(response, response.step);
    }
    response.written = 0;
    if (++response.said < repeat) continue;
    response.said = 0;
    --response.copies;
  }
  owes_final_reply_ = false;
  given_each_.reset();
  if (response.refusal && ++errors_ == profile_.limits.errors && response.ending == Ending::open) {
    out.append(replies_.too_many_errors);
    observer_.replied(std::nullopt, replies_.too_many_errors, 1);
    response.ending = Ending::farewell;
  }
  if (response.ending != Ending::open) {
    abort_transaction(TransactionState::none);
    ending_ = response.ending;
    phase_ = SessionPhase::closed;
    return;
  }
  phase_ = response.next;
  if (response.asks_for_content) return open_content(Form::dotted, SessionPhase::content, out);
  // A chunk of nothing has come when it is announced.
  if (phase_ == SessionPhase::chunk && chunk_.left() == 0) end_chunk(out);
}

}  // namespace millrace::smtp
