#include "sink/display.h"

#include <fmt/format.h>
#include <syslog.h>

#include <algorithm>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "sasl/mechanisms.h"
#include "smtp/keyword.h"

namespace millrace::sink {
namespace {

constexpr std::size_t kSyslogArgumentLimit = 100;

}  // namespace

std::string shown_arguments(smtp::Verb verb, std::string_view arguments) {
  if (verb != smtp::Verb::auth) {
    const std::string command = std::string(smtp::keyword(verb)).append(" ");
    return ShownLines().show(command + std::string(arguments)).substr(command.size());
  }
  std::string_view rest = arguments;
  const std::string_view word = smtp::take_word(rest);
  // A word that is no mechanism may be a password in the wrong place.
  const std::string_view mechanism = smtp::find_listed(word, sasl::kMechanisms);
  if (mechanism.empty()) return word.empty() ? std::string() : std::string(kAuthentication);
  std::string shown(mechanism);
  if (!smtp::take_word(rest).empty()) shown.append(" ").append(kAuthentication);
  return shown;
}

std::string shown_command(std::string_view line) {
  const smtp::Command command = smtp::parse_command(line);
  const std::string_view word = up_to_auth(command.keyword);
  if (word.empty()) return std::string(line);
  std::string shown(word);
  if (smtp::find_verb(command.keyword) == smtp::Verb::auth) {
    return shown.append(" ").append(shown_arguments(smtp::Verb::auth, command.arguments));
  }
  const bool more = word.size() < command.keyword.size() || !command.arguments.empty();
  if (more) shown.append(" ").append(kAuthentication);
  return shown;
}

void Display::opened(const net::SocketAddress& peer, TimePoint /*now*/) {
  inform(
      fmt::format("connect from {}{}{}", peer.text(), listener_.empty() ? "" : " to ", listener_));
}

void Display::speaks_for(const net::SocketAddress& source) {
  inform("on behalf of " + source.text());
}

void Display::secured(const Handshake& handshake) {
  inform(fmt::format("{}, {}{}{}", handshake.version, handshake.cipher,
                     handshake.resumed ? ", resumed" : "",
                     handshake.client_certificate ? ", with a client certificate" : ""));
}

void Display::ended(Ending /*ending*/, int error, TimePoint /*now*/) {
  inform(error == 0 ? "disconnect" : describe_error("disconnect", error));
}

void Display::heard(smtp::Line line, std::string_view text, std::string_view /*behind*/) {
  const bool secret = line == smtp::Line::sasl_response;
  inform("client: " + (secret ? std::string(kAuthentication) : lines_.show(text)));
}

void Display::replied(std::optional<smtp::Verb> /*verb*/, std::string_view reply,
                      std::size_t copies) {
  for (; copies > 0; --copies) {
    std::string_view rest = reply;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find("\r\n"), rest.size());
      inform("server: " + std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 2, rest.size()));
    }
  }
}

void Display::content(std::string_view bytes, smtp::Form /*form*/) {
  inform(fmt::format("client: ({} byte{} of content)", bytes.size(), plural(bytes.size())));
}

void CommandLog::commanded(smtp::Verb verb, std::string_view arguments) {
  if (!logged_[smtp::index(verb)]) return;
  const std::string text =
      printable(shown_arguments(verb, arguments).substr(0, kSyslogArgumentLimit));
  syslog(LOG_INFO, "%s %s", std::string(keyword(verb)).c_str(), text.c_str());
}

}  // namespace millrace::sink
