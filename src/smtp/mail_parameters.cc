#include "smtp/mail_parameters.h"

#include <charconv>
#include <limits>
#include <system_error>

#include "base/number.h"
#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::smtp {
namespace {

MailParameters::Body body(std::string_view value) {
  using Body = MailParameters::Body;
  if (same_keyword(value, "BINARYMIME")) return Body::binary;
  return same_keyword(value, "7BIT") || same_keyword(value, "8BITMIME") ? Body::text
                                                                        : Body::unknown;
}

// Up to twenty digits (RFC 1870, 3): more than 64 bits hold is as good as the most they hold.
std::optional<std::uint64_t> size_value(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return whole_number(text).value_or(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace

MailParameters parse_mail_parameters(std::string_view arguments) {
  MailParameters parameters;
  parameters.path = path_in(arguments);
  arguments.remove_prefix(parameters.path.size());
  for (;;) {
    std::string_view value = take_word(arguments);
    if (value.empty()) return parameters;
    const std::string_view name = take_word(value, "=");
    if (!value.empty()) value.remove_prefix(1);
    if (same_keyword(name, "SMTPUTF8")) parameters.smtp_utf8 = true;
    if (same_keyword(name, "REQUIRETLS")) parameters.require_tls = true;
    if (same_keyword(name, "SIZE")) {
      const auto size = size_value(value);
      parameters.size = size.value_or(0);
      parameters.bad_size |= !size;
    }
    if (same_keyword(name, "BODY")) parameters.body = body(value);
  }
}

std::optional<Chunk> parse_chunk(std::string_view arguments) {
  Chunk chunk;
  const char* const end = arguments.data() + arguments.size();
  const auto [after, error] = std::from_chars(arguments.data(), end, chunk.size);
  if (error != std::errc()) return std::nullopt;
  std::string_view rest(after, static_cast<std::size_t>(end - after));
  if (rest.empty()) return chunk;
  if (rest == " LAST") {
    chunk.last = true;
    return chunk;
  }
  if (kBlanks.find(rest.front()) == std::string_view::npos) return std::nullopt;
  const std::string_view mark = take_word(rest);
  chunk.last = same_keyword(mark, "LAST");
  chunk.malformed = (!mark.empty() && !chunk.last) || !take_word(rest).empty();
  return chunk;
}

}  // namespace millrace::smtp
