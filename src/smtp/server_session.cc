#include "smtp/server_session.h"

#include <algorithm>
#include <utility>

#include "smtp/keyword.h"
#include "smtp/server_replies.h"

namespace millrace::smtp {

using namespace replies;

namespace {

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

}  // namespace

// One entry a verb, in their order.
const std::array<ServerSession::Handler, kVerbCount> ServerSession::kHandlers = {
    &ServerSession::greet,        // CONNECT
    &ServerSession::helo,         // HELO
    &ServerSession::ehlo,         // EHLO
    &ServerSession::lhlo,         // LHLO
    &ServerSession::starttls,     // STARTTLS
    &ServerSession::xclient,      // XCLIENT
    &ServerSession::acknowledge,  // XFORWARD
    &ServerSession::auth,         // AUTH
    &ServerSession::mail,         // MAIL
    &ServerSession::rcpt,         // RCPT
    &ServerSession::data,         // DATA
    &ServerSession::acknowledge,  // BDAT, which begin_chunk() takes
    &ServerSession::acknowledge,  // "." outside of a message
    &ServerSession::rset,         // RSET
    &ServerSession::acknowledge,  // NOOP
    &ServerSession::acknowledge,  // VRFY
    &ServerSession::quit,         // QUIT
};

void ServerSession::start(bool secured, Output& out) {
  secured_ = secured;
  answering_ = Verb::connect;
  take_command(Verb::connect, {}, out);
}

void ServerSession::secured() {
  secured_ = true;
  authentication_.forget();
  abort_transaction();
  phase_ = Phase::command;
}

std::size_t ServerSession::feed(std::string_view bytes, Output& out) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    switch (phase_) {
      case Phase::content:
        rest.remove_prefix(take_content(rest, out));
        continue;
      case Phase::chunk:
        rest.remove_prefix(take_chunk(rest, out));
        continue;
      case Phase::command:
      case Phase::sasl:
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
        emit({.reply = phase_ == Phase::sasl ? kAuthTooLong : std::string_view(),
              .ending = Ending::command_too_long},
             out);
        break;
    }
  }
  return bytes.size();
}

std::size_t ServerSession::take_content(std::string_view bytes, Output& out) {
  const std::size_t taken = end_of_data_.scan(bytes);
  check_.take(bytes.substr(0, taken), Form::dotted, profile_.limits);
  policy_.content(bytes.substr(0, taken), Form::dotted);
  if (end_of_data_.found()) {
    answering_ = Verb::end_of_data;
    const Ruling ruling = policy_.rule(Verb::end_of_data, {});
    give(end_message(ruling), ruling.wait, out);
  }
  return taken;
}

// RFC 3030, 2: the content of a chunk is read even when the command is refused.
void ServerSession::begin_chunk(std::string_view arguments, Output& out) {
  const std::optional<Chunk> chunk = parse_chunk(arguments);
  if (!chunk) return emit({.reply = kBadChunk}, out);
  chunk_ = *chunk;
  chunk_refusal_ = transaction_ == Transaction::none   ? kNeedMail
                   : transaction_ == Transaction::mail ? kNeedRcpt
                                                       : std::string_view();
  if (transaction_ == Transaction::recipients) check_ = {};
  if (chunk_refusal_.empty()) transaction_ = Transaction::chunks;
  phase_ = Phase::chunk;
  if (chunk_.size == 0) end_chunk(out);
}

std::size_t ServerSession::take_chunk(std::string_view bytes, Output& out) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), chunk_.size));
  chunk_.size -= taken;
  if (chunk_refusal_.empty()) {
    check_.take(bytes.substr(0, taken), Form::plain, profile_.limits);
    policy_.content(bytes.substr(0, taken), Form::plain);
  }
  if (chunk_.size == 0) end_chunk(out);
  return taken;
}

void ServerSession::end_chunk(Output& out) {
  if (!chunk_refusal_.empty()) return emit({.reply = chunk_refusal_}, out);
  Ruling ruling = policy_.rule(Verb::bdat, {});
  const bool proceeds = ruling.action == Ruling::Action::proceed && !ruling.wait;
  if (chunk_.last) {
    if (proceeds) ruling = policy_.rule(Verb::end_of_data, {});
    return give(end_message(ruling), ruling.wait, out);
  }
  give(response_to(ruling, {.reply = kOk}), ruling.wait, out);
}

void ServerSession::resume(Output& out) {
  if (phase_ == Phase::paused) emit(pending_, out);
}

void ServerSession::take_line(std::string_view line, Output& out) {
  policy_.heard(line);
  answering_ = Verb::auth;
  if (phase_ == Phase::sasl) {
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

// Whether this server speaks the command at all.
bool ServerSession::known(Verb verb) const {
  using Protocol = ServerProfile::Protocol;
  switch (verb) {
    case Verb::connect:
      return false;
    case Verb::helo:
      return profile_.protocol != Protocol::lmtp;
    case Verb::ehlo:
      return profile_.protocol == Protocol::smtp;
    case Verb::lhlo:
      return profile_.protocol == Protocol::lmtp;
    case Verb::starttls:
      return profile_.offered.has(Extension::starttls);
    case Verb::xclient:
      return profile_.offered.has(Extension::xclient);
    case Verb::xforward:
      return profile_.offered.has(Extension::xforward);
    case Verb::bdat:
      return profile_.offered.has(Extension::chunking);
    default:
      return true;
  }
}

void ServerSession::take_command(Verb verb, std::string_view arguments, Output& out) {
  const Ruling ruling = policy_.rule(verb, arguments);
  const bool proceeds = ruling.action == Ruling::Action::proceed;
  const Response usual = proceeds ? (this->*kHandlers[index(verb)])(arguments) : Response{};
  give(response_to(ruling, usual), ruling.wait, out);
}

// What a ruling makes of the usual response.
ServerSession::Response ServerSession::response_to(const Ruling& ruling, Response usual) {
  switch (ruling.action) {
    case Ruling::Action::proceed:
      return usual;
    case Ruling::Action::answer:
      return {.reply = ruling.reply, .copies = usual.copies};
    case Ruling::Action::farewell:
      return {.reply = ruling.reply, .ending = Ending::farewell};
    case Ruling::Action::drop:
      break;
  }
  return {.reply = {}, .ending = Ending::dropped};
}

void ServerSession::give(Response response, bool wait, Output& out) {
  if (!wait) return emit(response, out);
  pending_ = response;
  phase_ = Phase::paused;
}

void ServerSession::emit(Response response, Output& out) {
  for (std::size_t copy = 0; copy < response.copies; ++copy) out.append(response.reply);
  if (!response.reply.empty()) policy_.replied(answering_, response.reply, response.copies);
  const bool refusal =
      !response.reply.empty() && (response.reply.front() == '4' || response.reply.front() == '5');
  if (refusal && ++errors_ == profile_.limits.errors && response.ending == Ending::open) {
    out.append(replies_.too_many_errors);
    policy_.replied(std::nullopt, replies_.too_many_errors, 1);
    response.ending = Ending::farewell;
  }
  if (response.ending != Ending::open) {
    abort_transaction();
    ending_ = response.ending;
    phase_ = Phase::closed;
    return;
  }
  phase_ = response.next;
  if (!response.asks_for_content) return;
  const Ruling ruling = policy_.rule_content();
  give(response_to(ruling, {.reply = {}, .next = Phase::content}), ruling.wait, out);
}

ServerSession::Response ServerSession::greet(std::string_view /*arguments*/) {
  return {.reply = replies_.greeting};
}

ServerSession::Response ServerSession::helo(std::string_view arguments) {
  abort_transaction();
  policy_.greeted(Verb::helo, arguments);
  return {.reply = replies_.helo};
}

ServerSession::Response ServerSession::ehlo(std::string_view arguments) {
  return extended_hello(Verb::ehlo, arguments);
}

ServerSession::Response ServerSession::lhlo(std::string_view arguments) {
  return extended_hello(Verb::lhlo, arguments);
}

ServerSession::Response ServerSession::extended_hello(Verb verb, std::string_view name) {
  abort_transaction();
  policy_.greeted(verb, name);
  return {.reply = secured_ ? replies_.ehlo_secured : replies_.ehlo};
}

ServerSession::Response ServerSession::acknowledge(std::string_view /*arguments*/) {
  return {.reply = kOk};
}

ServerSession::Response ServerSession::starttls(std::string_view arguments) {
  if (!arguments.empty()) return {.reply = kNoArguments};
  if (secured_) return {.reply = kTlsActive};
  return {.reply = kStartTls, .next = Phase::securing};
}

// Postfix's XCLIENT_README: the session begins again, as the client that it speaks of.
ServerSession::Response ServerSession::xclient(std::string_view arguments) {
  if (!profile_.xclient_takes_effect) return {.reply = kOk};
  if (transaction_ != Transaction::none) return {.reply = kInTransaction};
  for (std::string_view value = take_word(arguments); !value.empty();
       value = take_word(arguments)) {
    const std::string_view spoken = take_word(value, "=");
    const std::string_view name = find_listed(spoken, profile_.xclient_attributes);
    if (name.empty() || value.empty()) return {.reply = kBadAttribute};
    policy_.client_attribute(name, value.substr(1));
  }
  return {.reply = replies_.greeting};
}

ServerSession::Response ServerSession::auth(std::string_view arguments) {
  if (!profile_.authenticates) return {.reply = kOk};
  if (transaction_ != Transaction::none) return {.reply = kInTransaction};
  return authentication_step(authentication_.begin(arguments));
}

ServerSession::Response ServerSession::authentication_step(std::string_view reply) const {
  return {.reply = reply, .next = authentication_.going_on() ? Phase::sasl : Phase::command};
}

ServerSession::Response ServerSession::mail(std::string_view arguments) {
  if (transaction_ != Transaction::none) return {.reply = kNestedMail};
  const ServerLimits& limits = profile_.limits;
  if (limits.transactions > 0 && transactions_ >= limits.transactions) {
    return {.reply = kTooManyTransactions};
  }
  if (const std::string_view refusal = refuse_parameters(arguments); !refusal.empty()) {
    return {.reply = refusal};
  }
  transaction_ = Transaction::mail;
  ++transactions_;
  recipients_ = 0;
  policy_.mail(arguments);
  return {.reply = kMailOk};
}

// The reply to arguments of MAIL that this server cannot take; empty when it can.
std::string_view ServerSession::refuse_parameters(std::string_view arguments) const {
  constexpr ExtensionSet kLookedAt{Extension::size, Extension::smtp_utf8, Extension::require_tls};
  const ExtensionSet offered = profile_.offered & kLookedAt;
  if (offered.empty()) return {};
  const MailParameters parameters = parse_mail_parameters(arguments);
  const std::uint64_t limit = profile_.limits.message_size;
  if (parameters.malformed) return kBadSize;
  if (limit > 0 && parameters.size > limit) return kTooLarge;
  if (parameters.require_tls && !secured_) return kNeedTls;
  if (offered.has(Extension::smtp_utf8) && !parameters.smtp_utf8 && !ascii(parameters.path)) {
    return kNeedUtf8;
  }
  return {};
}

ServerSession::Response ServerSession::rcpt(std::string_view arguments) {
  if (transaction_ == Transaction::none) return {.reply = kNeedMail};
  if (transaction_ == Transaction::chunks) return {.reply = kAmidChunks};
  if (profile_.limits.recipients > 0 && recipients_ >= profile_.limits.recipients) {
    return {.reply = kTooManyRecipients};
  }
  transaction_ = Transaction::recipients;
  ++recipients_;
  policy_.recipient(arguments);
  return {.reply = kRcptOk};
}

ServerSession::Response ServerSession::data(std::string_view /*arguments*/) {
  if (transaction_ == Transaction::chunks) return {.reply = kAmidChunks};
  if (transaction_ != Transaction::recipients) return {.reply = kNeedRcpt};
  end_of_data_.reset();
  check_ = {};
  return {.reply = kStartContent, .asks_for_content = true};
}

ServerSession::Response ServerSession::rset(std::string_view /*arguments*/) {
  abort_transaction();
  return {.reply = kMailOk};
}

ServerSession::Response ServerSession::quit(std::string_view /*arguments*/) {
  return {.reply = kBye, .ending = Ending::quit};
}

// The message is stored before it is answered, and even when a rule refuses it: what a client
// sent in vain is worth a look too.
ServerSession::Response ServerSession::end_message(const Ruling& ruling) {
  const bool lmtp = profile_.protocol == ServerProfile::Protocol::lmtp;
  Response response{.reply = lmtp ? kDelivered : kOk, .copies = lmtp ? recipients_ : 1};
  if (check_.too_large(profile_.limits) || check_.line_too_long()) {
    response.reply = check_.line_too_long() ? kLineTooLong : kTooLarge;
    abort_transaction();
    return response_to(ruling, response);
  }
  const Storage storage = policy_.message_complete();
  transaction_ = Transaction::none;
  if (storage == Storage::turned_away) return {.reply = {}, .ending = Ending::dropped};
  if (storage == Storage::failed) response.reply = kNotStored;
  return response_to(ruling, response);
}

void ServerSession::abort_transaction() {
  if (transaction_ == Transaction::none) return;
  transaction_ = Transaction::none;
  policy_.transaction_aborted();
}

}  // namespace millrace::smtp
