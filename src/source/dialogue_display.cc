#include "source/dialogue_display.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/quantity.h"
#include "smtp/end_of_data.h"
#include "smtp/mail_parameters.h"
#include "smtp/verb.h"

namespace millrace::source {
namespace {

// The length of the content that follows a BDAT command; 0 after any other.
std::size_t chunk_length(std::string_view line) {
  const smtp::Command command = smtp::parse_command(line);
  if (smtp::find_verb(command.keyword) != smtp::Verb::bdat) return 0;
  return smtp::parse_chunk(command.arguments).value_or(smtp::Chunk{}).size;
}

}  // namespace

void DialogueDisplay::trying(const net::SocketAddress& address) const {
  if (verbose_) inform("trying " + address.text());
}

void DialogueDisplay::passed_over(std::string_view what) const {
  if (verbose_) inform(what);
}

void DialogueDisplay::secured(const net::TlsFilter& tls) const {
  if (!verbose_) return;
  inform(fmt::format("{}, {}{}", tls.version(), tls.cipher(), tls.resumed() ? ", resumed" : ""));
}

void DialogueDisplay::show_reply(const smtp::PendingCommand& command, const smtp::Reply& reply,
                                 smtp::Outcome outcome) {
  inform("<<< " + reply.line());
  if (command.verb == smtp::Verb::data && outcome == smtp::Outcome::expected) content_first_ = true;
}

void DialogueDisplay::sent(const Output& out, std::size_t from, bool secret) {
  if (!verbose_) return;
  const std::string text = out.flattened().substr(from);
  std::string_view rest = text;
  const auto skip_content = [&](std::size_t length) {
    inform(fmt::format("({} byte{} of content)", length, plural(length)));
    rest.remove_prefix(std::min(length, rest.size()));
  };
  const bool content = !rest.empty() && std::exchange(content_first_, false);
  if (content && !rest.starts_with(smtp::kEndMark)) {  // which alone is shown as it is
    smtp::EndOfData end;
    skip_content(end.scan(rest));
  }
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    inform(secret ? "(authentication)" : line);
    if (const std::size_t length = chunk_length(line); length > 0) skip_content(length);
  }
}

}  // namespace millrace::source
