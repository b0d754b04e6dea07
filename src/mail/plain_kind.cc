#include "mail/plain_kind.h"

#include <utility>

#include "mail/standard_headers.h"

namespace millrace::mail {
PlainKind::PlainKind(bool headers, std::string_view subject, std::string body)
    : headers_(headers),
      subject_(subject.empty() ? "" : "Subject: " + std::string(subject) + "\r\n"),
      body_(std::move(body)),
      traits_(Content::Traits::of(body_)) {}

void PlainKind::make(const MessageFacts& facts, Content& content) const {
  std::string& text = content.own();
  if (headers_) {
    append_from(facts, text);
    append_to(facts, text);
    append_date(facts, text);
    append_message_id(facts, text);
    text.append(subject_);
  }
  text.append(facts.extra_headers);
  if (headers_) text.append("\r\n");
  content.share(body_, traits_);
}

}  // namespace millrace::mail
