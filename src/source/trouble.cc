#include "source/trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/diagnostics.h"
#include "base/output.h"
#include "smtp/verb.h"

namespace millrace::source {
namespace {

// How a step of the dialogue is called where that is not by its command alone.
struct StepNames {
  smtp::Verb awaited;
  std::string_view doing;     // "lost connection while ..."
  std::string_view rejected;  // "...: 550 no"
};

constexpr auto kStepNames = std::to_array<StepNames>({
    {smtp::Verb::connect, "reading server greeting", "rejected at server banner"},
    {smtp::Verb::helo, "sending HELO", "HELO rejected"},
    {smtp::Verb::ehlo, "sending EHLO", "EHLO rejected"},
    {smtp::Verb::lhlo, "sending LHLO", "LHLO rejected"},
    {smtp::Verb::auth, "sending AUTH", "authentication rejected"},
    {smtp::Verb::mail, "sending sender", "sender rejected"},
    {smtp::Verb::rcpt, "sending recipient", "recipient rejected"},
    {smtp::Verb::data, "sending DATA command", "data rejected"},
    {smtp::Verb::bdat, "sending message", "chunk rejected"},
    {smtp::Verb::end_of_data, "sending message", "end of data rejected"},
    {smtp::Verb::rset, "sending RSET command", "rset rejected"},
    {smtp::Verb::quit, "sending QUIT command", "quit rejected"},
});

const StepNames* find_names(smtp::Verb awaited) {
  const auto row = std::find_if(kStepNames.begin(), kStepNames.end(),
                                [&](const StepNames& names) { return names.awaited == awaited; });
  return row == kStepNames.end() ? nullptr : &*row;
}

std::string doing(smtp::Verb awaited) {
  const StepNames* const names = find_names(awaited);
  return names != nullptr ? std::string(names->doing) : fmt::format("sending {}", keyword(awaited));
}

std::string rejected(smtp::Verb awaited) {
  const StepNames* const names = find_names(awaited);
  return names != nullptr ? std::string(names->rejected)
                          : fmt::format("{} rejected", keyword(awaited));
}

metrics::Error kind_of(int error) {
  switch (error) {
    case 0:
      return metrics::Error::closed;
    case ECONNREFUSED:
      return metrics::Error::refused;
    case ECONNRESET:
    case EPIPE:
      return metrics::Error::reset;
    case ETIMEDOUT:
      return metrics::Error::timeout;
    default:
      return metrics::Error::other;
  }
}

metrics::Error kind_of(const Loss& loss) {
  return loss.timed_out ? metrics::Error::timeout : kind_of(loss.error);
}

// What helps, where the system's own words do not say.
std::string_view advice(int error) {
  switch (error) {
    case EADDRNOTAVAIL:
      return ": is no local port left? --bind connects from more addresses";
    case EMFILE:
      return ": more are to be had by ulimit -n";
    default:
      return {};
  }
}

std::string_view how(const Loss& loss) { return loss.timed_out ? "timeout" : "lost connection"; }

}  // namespace

std::string about(std::uint64_t session, std::string_view what) {
  return fmt::format(" (session {}, {})", session + 1, what);
}

std::string command_text(const smtp::PendingCommand& command, const smtp::MessageSource& messages,
                         std::string_view hello_name, std::string_view server) {
  Output text;
  switch (command.verb) {
    case smtp::Verb::connect:
      return std::string(server);
    case smtp::Verb::mail:
      messages.append_mail(command.message, {}, text);
      break;
    case smtp::Verb::rcpt:
      messages.append_rcpt(command.message, command.recipient, {}, text);
      break;
    case smtp::Verb::helo:
    case smtp::Verb::ehlo:
    case smtp::Verb::lhlo:
      return fmt::format("{} {}", keyword(command.verb), hello_name);
    default:
      return std::string(keyword(command.verb));
  }
  return text.text().substr(0, text.text().size() - 2);
}

Trouble failed_call(std::string_view call, int error, std::string_view where) {
  std::string text = describe_error(call, error);
  // What cannot be bound to is no matter of ports.
  if (!call.starts_with("bind")) text += advice(error);
  return {kind_of(error), text.append(where)};
}

std::string no_address_left(std::string_view where) {
  return fmt::format("no address left to bind to (--bind, --bind-ports){}", where);
}

Trouble rejection(smtp::Verb answered, const smtp::Reply& reply, std::string_view where) {
  return {metrics::Error::rejected,
          fmt::format("{}: {}{}", rejected(answered), reply.line(), where)};
}

Trouble loss_between_messages(const Loss& loss, std::string_view where) {
  return {kind_of(loss), fmt::format("{} between messages{}", how(loss), where)};
}

Trouble loss_in_handshake(const Loss& loss, std::string_view where) {
  return {metrics::Error::tls, fmt::format("{} during the TLS handshake{}", how(loss), where)};
}

Trouble loss_awaiting(smtp::Verb awaited, const Loss& loss, std::string_view where) {
  return {kind_of(loss), fmt::format("{} while {}{}", how(loss), doing(awaited), where)};
}

}  // namespace millrace::source
