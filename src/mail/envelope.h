#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/output.h"
#include "mail/content.h"
#include "smtp/extension.h"

namespace millrace::mail {

// A parameter of MAIL or RCPT (RFC 5321, 4.1.2).
struct Parameter {
  std::optional<smtp::Extension> extension;  // given only where this is in use
  std::string text;
};

// Text as parameters of RFC 3461 want it: what is not printable, '+' and '=' in hexadecimal.
std::string xtext(std::string_view plain);

// What the commands of all transactions of a run have besides their addresses.
struct EnvelopeOptions {
  std::vector<Parameter> mail_parameters;
  std::vector<Parameter> rcpt_parameters;
  bool original_recipient = false;  // give RCPT the parameter ORCPT (RFC 3461, 4.2)
  std::string xforward;             // attributes of XFORWARD, see mail/generated.h

  // Puts to the end of `text` what a local part is to end with, so that it tells the recipient of a
  // message, both numbered from 0, from all others. Empty: addresses go as they are; so do those
  // whose local part is in quotes.
  std::function<void(std::uint64_t message, std::size_t recipient, std::string& text)> mark;
  // What others put to each content before it goes out, in bytes: SIZE tells of that too.
  std::uint64_t added = 0;
};

// The commands of a transaction, each with its CR LF. `used`: the extensions that they may make use
// of. Addresses are without angle brackets.
void append_xforward(const EnvelopeOptions& options, std::uint64_t message, Output& out);

// What MAIL says of the content that follows, where it may.
struct ContentFacts {
  std::uint64_t size = 0;                               // for SIZE (RFC 1870)
  Content::Octets octets = Content::Octets::seven_bit;  // for BODY (RFC 6152)
};

// BODY=8BITMIME is given where the content needs it, unless the options have a BODY.
void append_mail(const EnvelopeOptions& options, std::string_view reverse_path,
                 const ContentFacts& content, smtp::ExtensionSet used, Output& out);

// `append_path`: is given the text of the output, to append the forward-path of this recipient.
template <typename AppendPath>
void append_rcpt(const EnvelopeOptions& options, std::uint64_t message, std::size_t recipient,
                 smtp::ExtensionSet used, Output& out, AppendPath append_path);

// Marks the forward-path that `text` has from position `path` on.
void mark_recipient(const EnvelopeOptions& options, std::uint64_t message, std::size_t recipient,
                    std::size_t path, std::string& text);

// What follows the forward-path, which begins at position `path` of the output's text.
void append_rcpt_end(const EnvelopeOptions& options, std::size_t path, smtp::ExtensionSet used,
                     Output& out);

template <typename AppendPath>
void append_rcpt(const EnvelopeOptions& options, std::uint64_t message, std::size_t recipient,
                 smtp::ExtensionSet used, Output& out, AppendPath append_path) {
  out.append("RCPT TO:<");
  const std::size_t path = out.text().size();
  append_path(out.text());
  if (options.mark) mark_recipient(options, message, recipient, path, out.text());
  append_rcpt_end(options, path, used, out);
}

}  // namespace millrace::mail
