#include "smtp/server_session.h"

namespace millrace::smtp {
namespace {

constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
constexpr std::string_view kMailOk = "250 2.1.0 Ok\r\n";
constexpr std::string_view kRcptOk = "250 2.1.5 Ok\r\n";
constexpr std::string_view kDelivered = "250 2.2.0 Ok\r\n";
constexpr std::string_view kBye = "221 Bye\r\n";
constexpr std::string_view kStartContent = "354 End data with <CR><LF>.<CR><LF>\r\n";
constexpr std::string_view kNotStored = "452 4.3.1 Error: message could not be stored\r\n";
constexpr std::string_view kEmptyCommand = "500 5.5.2 Error: unknown command\r\n";
constexpr std::string_view kUnknownCommand = "500 5.5.1 Error: unknown command\r\n";
constexpr std::string_view kNestedMail = "503 5.5.1 Error: nested MAIL command\r\n";
constexpr std::string_view kNeedMail = "503 5.5.1 Error: need MAIL command\r\n";
constexpr std::string_view kNeedRcpt = "503 5.5.1 Error: need RCPT command\r\n";

}  // namespace

// One entry a verb, in their order.
const std::array<ServerSession::Handler, kVerbCount> ServerSession::kHandlers = {
    &ServerSession::greet,        // CONNECT
    &ServerSession::helo,         // HELO
    &ServerSession::ehlo,         // EHLO
    &ServerSession::lhlo,         // LHLO
    &ServerSession::acknowledge,  // XCLIENT
    &ServerSession::acknowledge,  // XFORWARD
    &ServerSession::acknowledge,  // AUTH
    &ServerSession::mail,         // MAIL
    &ServerSession::rcpt,         // RCPT
    &ServerSession::data,         // DATA
    &ServerSession::acknowledge,  // "." outside of a message
    &ServerSession::rset,         // RSET
    &ServerSession::acknowledge,  // NOOP
    &ServerSession::acknowledge,  // VRFY
    &ServerSession::quit,         // QUIT
};

void ServerSession::start(Output& out) { take_command(Verb::connect, {}, out); }

std::size_t ServerSession::feed(std::string_view bytes, Output& out) {
  std::string_view rest = bytes;
  while (!rest.empty() && (phase_ == Phase::command || phase_ == Phase::content)) {
    if (phase_ == Phase::content) {
      const std::size_t taken = end_of_data_.scan(rest);
      policy_.content(rest.substr(0, taken));
      rest.remove_prefix(taken);
      if (!end_of_data_.found()) continue;
      const Ruling ruling = policy_.rule(Verb::end_of_data, {});
      give(end_content(ruling), ruling.wait, out);
      continue;
    }
    std::string_view line;
    switch (lines_.next(rest, line)) {
      case LineReader::Result::line:
        take_line(line, out);
        break;
      case LineReader::Result::more:
        break;
      case LineReader::Result::too_long:
        emit({.reply = {}, .ending = Ending::command_too_long}, out);
        break;
    }
  }
  return bytes.size() - rest.size();
}

void ServerSession::resume(Output& out) {
  if (phase_ == Phase::paused) emit(pending_, out);
}

void ServerSession::take_line(std::string_view line, Output& out) {
  policy_.heard(line);
  const Command command = parse_command(line);
  if (command.keyword.empty()) return emit({.reply = kEmptyCommand}, out);
  const std::optional<Verb> verb = find_verb(command.keyword);
  if (!verb || !known(*verb)) return emit({.reply = kUnknownCommand}, out);
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
    case Verb::xclient:
      return profile_.xclient.offered;
    case Verb::xforward:
      return profile_.xforward.offered;
    default:
      return true;
  }
}

void ServerSession::take_command(Verb verb, std::string_view arguments, Output& out) {
  const Ruling ruling = policy_.rule(verb, arguments);
  switch (ruling.action) {
    case Ruling::Action::proceed:
      return give((this->*kHandlers[index(verb)])(arguments), ruling.wait, out);
    case Ruling::Action::answer:
      return give({.reply = ruling.reply}, ruling.wait, out);
    case Ruling::Action::farewell:
      return give({.reply = ruling.reply, .ending = Ending::farewell}, ruling.wait, out);
    case Ruling::Action::drop:
      return give({.reply = {}, .ending = Ending::dropped}, ruling.wait, out);
  }
}

void ServerSession::give(Response response, bool wait, Output& out) {
  if (!wait) return emit(response, out);
  pending_ = response;
  phase_ = Phase::paused;
}

void ServerSession::emit(Response response, Output& out) {
  for (std::size_t copy = 0; copy < response.copies; ++copy) out.append(response.reply);
  if (response.ending != Ending::open) {
    abort_transaction();
    ending_ = response.ending;
    phase_ = Phase::closed;
    return;
  }
  switch (response.next) {
    case Next::command:
      phase_ = Phase::command;
      return;
    case Next::content:
      phase_ = Phase::content;
      return;
    case Next::ask_content: {
      const Ruling ruling = policy_.rule_content();
      if (ruling.action == Ruling::Action::proceed) {
        return give({.reply = {}, .next = Next::content}, ruling.wait, out);
      }
      return give({.reply = ruling.reply, .ending = Ending::farewell}, ruling.wait, out);
    }
  }
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
  abort_transaction();
  policy_.greeted(Verb::ehlo, arguments);
  return {.reply = replies_.ehlo};
}

ServerSession::Response ServerSession::lhlo(std::string_view arguments) {
  abort_transaction();
  policy_.greeted(Verb::lhlo, arguments);
  return {.reply = replies_.ehlo};
}

ServerSession::Response ServerSession::acknowledge(std::string_view /*arguments*/) {
  return {.reply = kOk};
}

ServerSession::Response ServerSession::mail(std::string_view arguments) {
  if (transaction_ != Transaction::none) return {.reply = kNestedMail};
  transaction_ = Transaction::mail;
  recipients_ = 0;
  policy_.mail(arguments);
  return {.reply = kMailOk};
}

ServerSession::Response ServerSession::rcpt(std::string_view arguments) {
  if (transaction_ == Transaction::none) return {.reply = kNeedMail};
  transaction_ = Transaction::recipients;
  ++recipients_;
  policy_.recipient(arguments);
  return {.reply = kRcptOk};
}

ServerSession::Response ServerSession::data(std::string_view /*arguments*/) {
  if (transaction_ != Transaction::recipients) return {.reply = kNeedRcpt};
  end_of_data_.reset();
  return {.reply = kStartContent, .next = Next::ask_content};
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
ServerSession::Response ServerSession::end_content(const Ruling& ruling) {
  const bool lmtp = profile_.protocol == ServerProfile::Protocol::lmtp;
  const Storage storage = policy_.message_complete();
  transaction_ = Transaction::none;
  if (storage == Storage::turned_away) return {.reply = {}, .ending = Ending::dropped};
  Response response{.reply = ruling.reply, .copies = lmtp ? recipients_ : 1};
  switch (ruling.action) {
    case Ruling::Action::proceed:
      response.reply = storage == Storage::failed ? kNotStored : lmtp ? kDelivered : kOk;
      break;
    case Ruling::Action::answer:
      break;
    case Ruling::Action::farewell:
      response.copies = 1;
      response.ending = Ending::farewell;
      break;
    case Ruling::Action::drop:
      response.ending = Ending::dropped;
      break;
  }
  return response;
}

void ServerSession::abort_transaction() {
  if (transaction_ == Transaction::none) return;
  transaction_ = Transaction::none;
  policy_.transaction_aborted();
}

}  // namespace millrace::smtp
