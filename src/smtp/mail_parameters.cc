#include "smtp/mail_parameters.h"

#include <algorithm>

#include "base/number.h"
#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

// The length of the path: up to the '>' that ends it, which may be quoted within.
std::size_t path_length(std::string_view arguments) {
  bool quoted = false;
  for (std::size_t place = 0; place < arguments.size(); ++place) {
    const char byte = arguments[place];
    if (byte == '"') quoted = !quoted;
    if (byte == '\\' && quoted) ++place;
    if (byte == '>' && !quoted) return place + 1;
  }
  return std::min(arguments.find_first_of(kBlanks), arguments.size());
}

}  // namespace

MailParameters parse_mail_parameters(std::string_view arguments) {
  MailParameters parameters;
  parameters.path = arguments.substr(0, path_length(arguments));
  arguments.remove_prefix(parameters.path.size());
  for (;;) {
    std::string_view value = take_word(arguments);
    if (value.empty()) return parameters;
    const std::string_view name = take_word(value, "=");
    if (!value.empty()) value.remove_prefix(1);
    if (same_keyword(name, "SMTPUTF8")) parameters.smtp_utf8 = true;
    if (same_keyword(name, "REQUIRETLS")) parameters.require_tls = true;
    if (same_keyword(name, "SIZE")) {
      const auto size = whole_number(value);
      parameters.size = size.value_or(0);
      parameters.malformed |= !size;
    }
  }
}

std::optional<Chunk> parse_chunk(std::string_view arguments) {
  const auto size = whole_number(take_word(arguments));
  const std::string_view mark = take_word(arguments);
  const bool last = same_keyword(mark, "LAST");
  if (!size || (!mark.empty() && !last) || !take_word(arguments).empty()) return std::nullopt;
  return Chunk{.size = *size, .last = last};
}

}  // namespace millrace::smtp
