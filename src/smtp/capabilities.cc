#include "smtp/capabilities.h"

#include "base/number.h"
#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

// The number that `text` is, or 0.
std::uint64_t number(std::string_view text) { return whole_number(text).value_or(0); }

// "MAILMAX=10 RCPTMAX=100" (RFC 9422, 4).
void take_limits(std::string_view words, Capabilities& capabilities) {
  for (;;) {
    std::string_view value = take_word(words);
    if (value.empty()) return;
    const std::string_view name = take_word(value, "=");
    if (!value.empty()) value.remove_prefix(1);
    if (same_keyword(name, "MAILMAX")) capabilities.mail_limit = number(value);
    if (same_keyword(name, "RCPTMAX")) capabilities.recipient_limit = number(value);
  }
}

void take_line(std::string_view line, Capabilities& capabilities) {
  const std::string_view first = take_word(line, " \t\r=");  // '=': an old form of AUTH
  const auto extension = find_extension(first);
  if (!extension) return;
  capabilities.extensions.add(*extension);
  if (!line.empty()) line.remove_prefix(1);
  switch (*extension) {
    case Extension::auth:
      capabilities.auth_mechanisms.append(" ").append(line);
      break;
    case Extension::limits:
      take_limits(line, capabilities);
      break;
    default:
      break;
  }
}

}  // namespace

Capabilities parse_capabilities(std::string_view reply) {
  Capabilities capabilities;
  for (std::size_t end = reply.find('\n'); end != std::string_view::npos;) {
    reply.remove_prefix(end + 1);
    end = reply.find('\n');
    take_line(reply.substr(0, end), capabilities);
  }
  return capabilities;
}

}  // namespace millrace::smtp
