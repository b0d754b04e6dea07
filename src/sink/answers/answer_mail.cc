#include "sink/answers/answer_mail.h"

#include <string_view>

#include "mail/body.h"
#include "smtp/end_of_data.h"

namespace millrace::sink {

void AnswerMail::append_mail(std::uint64_t /*message*/, smtp::ExtensionSet used,
                             Output& out) const {
  out.append("MAIL FROM:<>");
  if (used.has(smtp::Extension::size)) {
    out.append(" SIZE=");
    out.append(std::to_string(content_.size()));
  }
  out.append("\r\n");
}

void AnswerMail::append_rcpt(std::uint64_t /*message*/, std::size_t /*recipient*/,
                             smtp::ExtensionSet /*used*/, Output& out) const {
  out.append("RCPT TO:<");
  out.append(forward_path_);
  out.append(">\r\n");
}

void AnswerMail::append_content(std::uint64_t /*message*/, Output& out) const {
  out.append(mail::double_dots(content_));
  out.append(smtp::kEndMark);
}

void AnswerMail::append_chunk(std::uint64_t /*message*/, std::uint64_t offset, std::uint64_t length,
                              Output& out) const {
  out.append(std::string_view(content_).substr(offset, length));
}

}  // namespace millrace::sink
