#include "mail/envelope.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/decimal.h"
#include "mail/generated.h"
#include "smtp/keyword.h"
#include "smtp/path.h"

namespace millrace::mail {
namespace {

using smtp::Extension;
using smtp::ExtensionSet;

void append_parameters(const std::vector<Parameter>& parameters, ExtensionSet used, Output& out) {
  for (const Parameter& parameter : parameters) {
    if (parameter.extension && !used.has(*parameter.extension)) continue;
    out.append(" ");
    out.append(parameter.text);
  }
}

bool names_body(const EnvelopeOptions& options) {
  constexpr std::string_view kBody = "BODY=";
  return std::ranges::any_of(options.mail_parameters, [=](const Parameter& parameter) {
    return smtp::same_keyword(std::string_view(parameter.text).substr(0, kBody.size()), kBody);
  });
}

// Text as RFC 6533, 3 wants it where UTF-8 may stand: what has a meaning of its own, or cannot be
// seen, is written otherwise.
std::string unitext(std::string_view plain) {
  std::string text;
  for (const char byte : plain) {
    const bool seen = (byte & 0x80) != 0 || (byte >= '!' && byte <= '~');
    if (!seen || byte == '\\' || byte == '+' || byte == '=') {
      fmt::format_to(std::back_inserter(text), "\\x{{{:02X}}}", static_cast<unsigned char>(byte));
    } else {
      text += byte;
    }
  }
  return text;
}

}  // namespace

std::string xtext(std::string_view plain) {
  std::string text;
  for (const char byte : plain) {
    if (byte >= '!' && byte <= '~' && byte != '+' && byte != '=') {
      text += byte;
    } else {
      fmt::format_to(std::back_inserter(text), "+{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return text;
}

void append_xforward(const EnvelopeOptions& options, std::uint64_t message, Output& out) {
  out.append("XFORWARD ");
  out.append(fill_generated(options.xforward, message));
  out.append("\r\n");
}

void append_mail(const EnvelopeOptions& options, std::string_view reverse_path,
                 const ContentFacts& content, ExtensionSet used, Output& out) {
  out.append("MAIL FROM:<");
  out.append(reverse_path);
  out.append(">");
  if (used.has(Extension::size)) {
    out.append(" SIZE=");
    append_decimal(content.size + options.added, out.text());
  }
  if (content.octets == Content::Octets::eight_bit && used.has(Extension::eight_bit_mime) &&
      !names_body(options)) {
    out.append(" BODY=8BITMIME");
  }
  append_parameters(options.mail_parameters, used, out);
  out.append("\r\n");
}

// What is within quotes ends before the last of them, so that nothing can be put behind it.
void mark_recipient(const EnvelopeOptions& options, std::uint64_t message, std::size_t recipient,
                    std::size_t path, std::string& text) {
  const std::size_t length =
      smtp::split_mailbox(std::string_view(text).substr(path)).local_part.size();
  if (length == 0 || text[path + length - 1] == '"') return;
  const auto unmarked = static_cast<std::ptrdiff_t>(text.size());
  options.mark(message, recipient, text);
  std::rotate(text.begin() + static_cast<std::ptrdiff_t>(path + length), text.begin() + unmarked,
              text.end());
}

void append_rcpt_end(const EnvelopeOptions& options, std::size_t path, ExtensionSet used,
                     Output& out) {
  const std::size_t end = out.text().size();
  out.append(">");
  append_parameters(options.rcpt_parameters, used, out);
  if (options.original_recipient && used.has(Extension::dsn)) {
    const std::string address = out.text().substr(path, end - path);
    // RFC 6533, 3: under SMTPUTF8 the address may stand as it is.
    const bool utf8 = used.has(Extension::smtp_utf8);
    out.append(utf8 ? " ORCPT=utf-8;" : " ORCPT=rfc822;");
    out.append(utf8 ? unitext(address) : xtext(address));
  }
  out.append("\r\n");
}

}  // namespace millrace::mail
