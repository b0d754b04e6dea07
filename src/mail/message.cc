#include "mail/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/decimal.h"
#include "base/utf8.h"
#include "mail/body.h"
#include "smtp/end_of_data.h"

namespace millrace::mail {
using smtp::Extension;
using smtp::ExtensionSet;

MessageTemplate::MessageTemplate(MessageOptions options)
    : options_(std::move(options)),
      recipients_(options_.forward_path, options_.recipient_number, options_.recipients),
      head_("From: <" + options_.reverse_path + ">\r\nTo: <"),
      after_to_(fmt::format(">\r\nDate: {}\r\nMessage-Id: <{:012x}.", options_.date, options_.run)),
      after_number_("@" + options_.host_name + ">\r\n" +
                    (options_.subject.empty() ? "" : "Subject: " + options_.subject + "\r\n") +
                    "\r\n"),
      wire_body_(double_dots(options_.body)),
      body_(options_.body) {
  std::string header;
  append_headers(0, header);
  const bool ascii = is_ascii(body_) && is_ascii(header);
  octets_ = ascii ? Content::Octets::seven_bit : Content::Octets::eight_bit;
  const bool same = wire_body_.size() == body_.size();
  // The mark is one at the start of a line only (RFC 5321, 4.5.2).
  if (!wire_body_.empty() && !wire_body_.ends_with("\r\n")) wire_body_.append("\r\n");
  wire_body_.append(smtp::kEndMark);
  if (same) {  // one copy is enough
    body_ = std::string_view(wire_body_).substr(0, body_.size());
    options_.body = {};
  }
  if (options_.recipient_number == RecipientNumber::suffix) return;
  head_.append(options_.forward_path).append(std::exchange(after_to_, {}));
}

void MessageTemplate::append_recipient(std::uint64_t message, std::size_t recipient,
                                       std::string& text) const {
  recipients_.append(message, recipient, options_.recipients, text);
}

std::unique_ptr<smtp::MessageSource> MessageTemplate::messages() const {
  return std::make_unique<SessionMessages>(*this);
}

void MessageTemplate::append_xforward(std::uint64_t message, Output& out) const {
  mail::append_xforward(options_.envelope, message, out);
}

void MessageTemplate::append_mail(std::uint64_t /*message*/, std::uint64_t size, ExtensionSet used,
                                  Output& out) const {
  mail::append_mail(options_.envelope, options_.reverse_path, {.size = size, .octets = octets_},
                    used, out);
}

void MessageTemplate::append_rcpt(std::uint64_t message, std::size_t recipient, ExtensionSet used,
                                  Output& out) const {
  mail::append_rcpt(options_.envelope, message, recipient, used, out,
                    [&](std::string& text) { append_recipient(message, recipient, text); });
}

void MessageTemplate::append_headers(std::uint64_t message, std::string& text) const {
  if (!options_.headers) return;
  text.append(head_);
  if (options_.recipient_number == RecipientNumber::suffix) {
    append_recipient(message, options_.recipients - 1, text);
    text.append(after_to_);
  }
  append_hexadecimal(message >> 16U, text);
  text += '.';
  append_hexadecimal(message & 0xffffU, text);
  text.append(after_number_);
}

void SessionMessages::append_mail(std::uint64_t message, ExtensionSet used, Output& out) const {
  shared_.append_mail(message, used.has(Extension::size) ? content_size(message) : 0, used, out);
}

void SessionMessages::append_content(std::uint64_t message, Output& out) const {
  shared_.append_headers(message, out.text());
  out.append_borrowed(shared_.wire_body(message));
}

std::string_view SessionMessages::headers(std::uint64_t message) const {
  if (headers_of_ != message) {
    headers_.clear();
    shared_.append_headers(message, headers_);
    headers_of_ = message;
  }
  return headers_;
}

std::uint64_t SessionMessages::content_size(std::uint64_t message) const {
  return headers(message).size() + shared_.body(message).size();
}

void SessionMessages::append_chunk(std::uint64_t message, std::uint64_t offset,
                                   std::uint64_t length, Output& out) const {
  const std::string_view head = headers(message);
  out.append(head.substr(std::min(offset, head.size()), length));
  const std::uint64_t start = std::max(offset, head.size()) - head.size();
  const std::uint64_t end = std::max(offset + length, head.size()) - head.size();
  out.append_borrowed(shared_.body(message).substr(start, end - start));
}

}  // namespace millrace::mail
