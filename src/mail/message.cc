#include "mail/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "smtp/end_of_data.h"

namespace millrace::mail {

MessageTemplate::MessageTemplate(const MessageOptions& options)
    : mail_command_("MAIL FROM:<" + options.reverse_path + ">\r\n"),
      recipients_(options.recipients),
      recipient_number_(options.recipient_number),
      headers_(options.headers),
      before_to_("From: <" + options.reverse_path + ">\r\nTo: <"),
      after_to_(fmt::format(">\r\nDate: {}\r\nMessage-Id: <{:x}.", options.date, options.run)),
      after_number_("@" + options.host_name + ">\r\n" +
                    (options.subject.empty() ? "" : "Subject: " + options.subject + "\r\n") +
                    "\r\n"),
      body_(options.body + std::string(smtp::kEndMark)) {
  const std::size_t at = std::min(options.forward_path.rfind('@'), options.forward_path.size());
  local_part_ = options.forward_path.substr(0, at);
  domain_ = options.forward_path.substr(at);
}

void MessageTemplate::append_forward_path(std::uint64_t message, std::size_t recipient,
                                          std::string& text) const {
  const std::uint64_t counted = message * recipients_ + recipient;
  const auto to = std::back_inserter(text);
  switch (recipient_number_) {
    case RecipientNumber::none:
      break;
    case RecipientNumber::count_down:
      if (recipient + 1 < recipients_) fmt::format_to(to, "{}", recipients_ - recipient);
      break;
    case RecipientNumber::prefix:
      fmt::format_to(to, "{}", counted + 1);
      break;
    case RecipientNumber::suffix:
      fmt::format_to(to, "{}{}{}", local_part_, counted, domain_);
      return;
  }
  text.append(local_part_).append(domain_);
}

void MessageTemplate::append_rcpt(std::uint64_t message, std::size_t recipient, Output& out) const {
  out.append("RCPT TO:<");
  append_forward_path(message, recipient, out.text());
  out.append(">\r\n");
}

void MessageTemplate::append_content(std::uint64_t message, std::uint64_t session,
                                     Output& out) const {
  if (headers_) {
    out.append(before_to_);
    if (recipient_number_ == RecipientNumber::suffix) {
      append_forward_path(message, recipients_ - 1, out.text());
    } else {
      out.append(local_part_);
      out.append(domain_);
    }
    out.append(after_to_);
    fmt::format_to(std::back_inserter(out.text()), "{:04x}.{:04x}", session, message);
    out.append(after_number_);
  }
  out.append_borrowed(body_);
}

}  // namespace millrace::mail
