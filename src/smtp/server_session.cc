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
      case SessionPhase::stalled:
        return bytes.size();
      default:
        return bytes.size() - rest.size();
    }
    std::string_view line;
    switch (lines_.next(rest, line)) {
      case LineReader::Result::line:
        take_line(line, rest, out);
        break;
      case LineReader::Result::more:
        break;
      case LineReader::Result::too_long:
        observer_.line_too_long();
        refuse_long_line(rest, out);
        break;
    }
  }
  return bytes.size();
}

// The rest of it cannot be told from the next commands. AUTH has a reply for that (RFC 4954, 4).
void ServerSession::refuse_long_line(std::string_view rest, Output& out) {
  const bool authentication = phase_ == SessionPhase::sasl || lines_.may_be_long(rest);
  answering_ = authentication ? std::optional(Verb::auth) : std::nullopt;
  emit({.reply = authentication ? kAuthTooLong : std::string_view(),
        .ending = Ending::command_too_long},
       out);
}

std::size_t ServerSession::take_content(std::string_view bytes, Output& out) {
  const std::size_t taken = end_of_data_.scan(bytes.substr(0, acceptable(bytes)));
  take_piece(bytes.substr(0, taken), Form::dotted);
  content_left_ -= taken;
  if (end_of_data_.found()) {
    answering_ = Verb::end_of_data;
    observer_.content_over(bytes.substr(taken));
    const Decision decision = decide_end();
    give(end_message(decision), decision.wait, out);
  } else if (content_left_ == 0) {
    emit({.reply = {}, .ending = Ending::dropped}, out);
  }
  return taken;
}

// How much of the front of `bytes` comes until the connection is dropped.
std::size_t ServerSession::acceptable(std::string_view bytes) const {
  return static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), content_left_));
}

// What becomes of content that is about to be read.
void ServerSession::open_content(Form form, SessionPhase next, Output& out) {
  const Decision decision = policy_.decide_content(form);
  content_left_ = std::max<std::uint64_t>(decision.content_limit, 1);
  give(response_to(decision, {.reply = {}, .next = next}), decision.wait, out);
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
    if (refusal.next != SessionPhase::stalled) refusal.next = SessionPhase::chunk;
    return give(refusal, decision.wait, out);
  }
  chunk_.refusal = refuse_sequence();
  const bool first = transaction_ == TransactionState::recipients;
  if (chunk_.refusal.empty()) transaction_ = TransactionState::chunks;
  if (first && takes_chunk() && decision.action == Decision::Action::proceed) {
    return open_content(Form::plain, SessionPhase::chunk, out);
  }
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
  if (!takes_chunk()) {
    const std::string_view own = chunk_.take(bytes);
    if (chunk_.left() == 0) end_chunk(out);
    return own.size();
  }
  const std::string_view own = chunk_.take(bytes.substr(0, acceptable(bytes)));
  take_piece(own, Form::plain);
  pass_chunk(own.size(), out);
  return own.size();
}

// So many bytes of a chunk that is taken have come.
void ServerSession::pass_chunk(std::uint64_t bytes, Output& out) {
  content_left_ -= bytes;
  if (content_left_ == 0) return emit({.reply = {}, .ending = Ending::dropped}, out);
  if (chunk_.left() == 0) end_chunk(out);
}

std::uint64_t ServerSession::unwanted() const {
  if (phase_ != SessionPhase::chunk) return 0;
  const bool looked_at = observer_.wants_content() || ContentCheck::needs_bytes(profile_.limits);
  if (!takes_chunk()) return chunk_.left();
  return looked_at ? 0 : std::min(chunk_.left(), content_left_);
}

void ServerSession::skip(std::uint64_t bytes, Output& out) {
  chunk_.skip(bytes);
  if (!takes_chunk()) {
    if (chunk_.left() == 0) end_chunk(out);
    return;
  }
  check_.count(bytes);
  pass_chunk(bytes, out);
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
  if (proceeds) {  // what is decided about the end of data holds as well
    decision = decide_end();
    decision.wait += chunk_.decision.wait;
    decision.step = std::max(decision.step, chunk_.decision.step);
    if (decision.action == Decision::Action::proceed && !decision.reply && !decision.each) {
      decision.reply = chunk_.decision.reply;
      decision.repeat = chunk_.decision.repeat;
    }
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

void ServerSession::take_line(std::string_view line, std::string_view behind, Output& out) {
  observer_.heard(phase_ == SessionPhase::sasl ? Line::sasl_response : Line::command, line, behind);
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

Decision ServerSession::decide_end() {
  observer_.commanded(Verb::end_of_data, {});
  return policy_.decide_end();
}

void ServerSession::take_command(Verb verb, std::string_view arguments, Output& out) {
  const Decision decision = decide(verb, arguments);
  const bool proceeds = decision.action == Decision::Action::proceed;
  const Response usual = proceeds ? (this->*kCommands[index(verb)].handler)(arguments) : Response{};
  give(response_to(decision, usual), decision.wait, out);
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
