#include "smtp/server_session.h"

#include <algorithm>

#include "smtp/server_replies.h"

namespace millrace::smtp {

using namespace replies;

void ServerSession::start(Client client, Output& out) {
  client_ = client;
  answering_ = Verb::connect;
  take_command(Verb::connect, {}, out);
}

void ServerSession::secured() {
  client_.secured = true;
  authentication_.forget();
  observer_.hello_forgotten();
  abort_transaction(TransactionState::none);
  phase_ = SessionPhase::command;
}

std::size_t ServerSession::feed(std::string_view bytes, Output& out) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    switch (phase_) {
      case SessionPhase::content:
        rest.remove_prefix(take_content(rest, out));
        continue;
      case SessionPhase::chunk:
        rest.remove_prefix(take_chunk(rest, out));
        continue;
      case SessionPhase::command:
      case SessionPhase::sasl:
        break;
      default:
        return bytes.size() - rest.size();
    }
    std::string_view line;
    switch (lines_.next(rest, line)) {
      case LineReader::Result::line:
        take_line(line, out);
        break;
      case LineReader::Result::more:
        break;
      case LineReader::Result::too_long:
        emit({.reply = phase_ == SessionPhase::sasl ? kAuthTooLong : std::string_view(),
              .ending = Ending::command_too_long},
             out);
        break;
    }
  }
  return bytes.size();
}

std::size_t ServerSession::take_content(std::string_view bytes, Output& out) {
  const std::size_t taken = end_of_data_.scan(bytes);
  take_piece(bytes.substr(0, taken), Form::dotted);
  if (end_of_data_.found()) {
    answering_ = Verb::end_of_data;
    const Decision decision = decide(Verb::end_of_data, {});
    give(end_message(decision), decision.wait, out);
  }
  return taken;
}

// Hands content on as long as its message may be taken: past a limit nothing more is kept, and
// what was kept goes.
void ServerSession::take_piece(std::string_view bytes, Form form) {
  check_.take(bytes, form, profile_.limits);
  if (!refuse_content().empty()) return abort_transaction(TransactionState::failed);
  observer_.content(bytes, form);
}

// The reply to content that passes a limit; empty when it passes none.
std::string_view ServerSession::refuse_content() const {
  if (check_.line_too_long()) return kLineTooLong;
  return check_.too_large(profile_.limits) ? kTooLarge : std::string_view();
}

void ServerSession::begin_chunk(std::string_view arguments, Output& out) {
  const Decision decision = decide(Verb::bdat, arguments);
  if (!chunk_.begin(arguments)) {
    Response farewell = response_to(decision, {.reply = kUnreadableChunk});
    if (farewell.ending == Ending::open) farewell.ending = Ending::farewell;
    return give(farewell, decision.wait, out);
  }
  chunk_.decision = decision;
  if (transaction_ != TransactionState::chunks) check_ = {};
  // RFC 3030 has the content come first. Of what is too much already nobody waits for the end.
  if (!check_.has_room_for(chunk_.left(), profile_.limits)) {
    chunk_.answered = true;
    Response refusal = response_to(decision, refuse_chunk(kTooLarge));
    refusal.next = SessionPhase::chunk;
    return give(refusal, decision.wait, out);
  }
  chunk_.refusal = refuse_sequence();
  if (chunk_.refusal.empty()) transaction_ = TransactionState::chunks;
  phase_ = SessionPhase::chunk;
  if (chunk_.left() == 0) end_chunk(out);
}

// The reply to a chunk that cannot come now; empty when it can.
std::string_view ServerSession::refuse_sequence() const {
  if (chunk_.malformed()) return kBadChunk;
  switch (transaction_) {
    case TransactionState::none:
      return kNeedMail;
    case TransactionState::mail:
      return kNeedRcpt;
    case TransactionState::failed:
      return kAfterFailure;
    case TransactionState::recipients:
    case TransactionState::chunks:
      break;
  }
  return {};
}

std::size_t ServerSession::take_chunk(std::string_view bytes, Output& out) {
  const std::string_view own = chunk_.take(bytes);
  if (takes_chunk()) take_piece(own, Form::plain);
  if (chunk_.left() == 0) end_chunk(out);
  return own.size();
}

std::uint64_t ServerSession::unwanted() const {
  if (phase_ != SessionPhase::chunk) return 0;
  const bool looked_at = observer_.wants_content() || ContentCheck::needs_bytes(profile_.limits);
  return looked_at && takes_chunk() ? 0 : chunk_.left();
}

void ServerSession::skip(std::uint64_t bytes, Output& out) {
  chunk_.skip(bytes);
  if (takes_chunk()) check_.count(bytes);
  if (chunk_.left() == 0) end_chunk(out);
}

void ServerSession::end_chunk(Output& out) {
  phase_ = SessionPhase::command;
  if (chunk_.answered) return;
  Decision decision = chunk_.decision;
  if (chunk_.refusal.empty()) chunk_.refusal = refuse_content();
  const bool proceeds = decision.action == Decision::Action::proceed;
  if (!chunk_.refusal.empty()) {
    return give(response_to(decision, refuse_chunk(chunk_.refusal)), decision.wait, out);
  }
  if (!chunk_.last()) {
    const Response usual = proceeds ? Response{.reply = kOk} : refuse_chunk({});
    return give(response_to(decision, usual), decision.wait, out);
  }
  if (proceeds) {  // the rule for the end of data holds as well
    decision = decide(Verb::end_of_data, {});
    decision.wait += chunk_.decision.wait;
  }
  give(end_message(decision), decision.wait, out);
}

// With the last chunk the transaction is over. Any other leaves one that has failed, and takes
// nothing until the last chunk or RSET; it has no recipients who would be answered for.
ServerSession::Response ServerSession::refuse_chunk(std::string_view reply) {
  const std::size_t copies = chunk_.last() ? final_replies() : 1;
  abort_transaction(chunk_.last() ? TransactionState::none : TransactionState::failed);
  recipients_ = 0;
  return {.reply = reply, .copies = copies};
}

void ServerSession::resume(Output& out) {
  if (phase_ == SessionPhase::paused) return emit(pending_, out);
  if (phase_ == SessionPhase::replying) append_replies(pending_, out);
}

void ServerSession::take_line(std::string_view line, Output& out) {
  observer_.heard(phase_ == SessionPhase::sasl ? Line::sasl_response : Line::command, line);
  answering_ = Verb::auth;
  if (phase_ == SessionPhase::sasl) {
    return emit(authentication_step(authentication_.respond(line)), out);
  }
  answering_.reset();
  ++commands_;
  if (profile_.limits.commands > 0 && commands_ > profile_.limits.commands) {
    return emit({.reply = replies_.too_many_commands, .ending = Ending::farewell}, out);
  }
  const Command command = parse_command(line);
  if (command.keyword.empty()) return emit({.reply = kEmptyCommand}, out);
  const std::optional<Verb> verb = find_verb(command.keyword);
  if (!verb || !known(*verb)) return emit({.reply = kUnknownCommand}, out);
  answering_ = verb;
  if (*verb == Verb::bdat) return begin_chunk(command.arguments, out);
  take_command(*verb, command.arguments, out);
}

Decision ServerSession::decide(Verb verb, std::string_view arguments) {
  observer_.commanded(verb, arguments);
  return policy_.decide(verb, arguments);
}

void ServerSession::take_command(Verb verb, std::string_view arguments, Output& out) {
  const Decision decision = decide(verb, arguments);
  const bool proceeds = decision.action == Decision::Action::proceed;
  const Response usual = proceeds ? (this->*kCommands[index(verb)].handler)(arguments) : Response{};
  give(response_to(decision, usual), decision.wait, out);
}

// What a decision makes of the usual response.
ServerSession::Response ServerSession::response_to(const Decision& decision, Response usual) {
  switch (decision.action) {
    case Decision::Action::proceed:
      return usual;
    case Decision::Action::answer:
      given_ = decision.reply;
      return {.reply = *given_, .copies = usual.copies};
    case Decision::Action::farewell:
      given_ = decision.reply;
      return {.reply = *given_, .ending = Ending::farewell};
    case Decision::Action::drop:
      break;
  }
  return {.reply = {}, .ending = Ending::dropped};
}

void ServerSession::give(Response response, Duration wait, Output& out) {
  if (wait <= Duration::zero()) return emit(response, out);
  pending_ = response;
  wait_ = wait;
  phase_ = SessionPhase::paused;
}

void ServerSession::emit(Response response, Output& out) {
  if (!response.reply.empty()) observer_.replied(answering_, response.reply, response.copies);
  append_replies(response, out);
}

// Appends a reply as often as it is due, and goes on. Of many copies those that pass the bound
// wait until the client has taken what is ahead of them.
void ServerSession::append_replies(Response response, Output& out) {
  for (; response.copies > 0; --response.copies) {
    if (response.copies > 1 && out.size() >= kReplyBound) {
      pending_ = response;
      phase_ = SessionPhase::replying;
      return;
    }
    out.append(response.reply);
  }
  owes_final_reply_ = false;
  const bool refusal =
      !response.reply.empty() && (response.reply.front() == '4' || response.reply.front() == '5');
  if (refusal && ++errors_ == profile_.limits.errors && response.ending == Ending::open) {
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
  if (!response.asks_for_content) return;
  const Decision decision = policy_.decide_content();
  give(response_to(decision, {.reply = {}, .next = SessionPhase::content}), decision.wait, out);
}

// The message is stored before it is answered, and even when a rule refuses it: what a client
// sent in vain is worth a look too.
ServerSession::Response ServerSession::end_message(const Decision& decision) {
  const bool lmtp = profile_.protocol == ServerProfile::Protocol::lmtp;
  Response response{.reply = lmtp ? kDelivered : kOk, .copies = final_replies()};
  if (const std::string_view refusal = refuse_content(); !refusal.empty()) {
    response.reply = refusal;
    abort_transaction(TransactionState::none);
    return response_to(decision, response);
  }
  if (!policy_.admit_message()) {
    abort_transaction(TransactionState::none);
    return {.reply = {}, .ending = Ending::dropped};
  }
  owes_final_reply_ = true;
  transaction_ = TransactionState::none;
  switch (observer_.message_complete()) {
    case Storage::failed:
      response.reply = kNotStored;
      break;
    case Storage::too_large:
      response.reply = kTooLarge;
      break;
    case Storage::kept:
      break;
  }
  return response_to(decision, response);
}

// LMTP answers the end of a message once for each recipient (RFC 2033, 4.2 and 4.3).
std::size_t ServerSession::final_replies() const {
  const bool lmtp = profile_.protocol == ServerProfile::Protocol::lmtp;
  return lmtp && transaction_ != TransactionState::none ? std::max<std::size_t>(recipients_, 1) : 1;
}

// Ends the transaction without a message, of which the observer is told once.
void ServerSession::abort_transaction(TransactionState after) {
  const bool open =
      transaction_ != TransactionState::none && transaction_ != TransactionState::failed;
  transaction_ = after;
  if (open) observer_.transaction_aborted();
}

}  // namespace millrace::smtp
