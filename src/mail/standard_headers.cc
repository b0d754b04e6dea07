#include "mail/standard_headers.h"

#include <string_view>

namespace millrace::mail {

void append_from(const MessageFacts& facts, std::string& text) {
  if (!facts.sender.empty()) {
    text.append("From: <").append(facts.sender).append(">\r\n");
    return;
  }
  const std::size_t at = facts.message_id.rfind('@');
  std::string_view host = at == std::string_view::npos ? "" : facts.message_id.substr(at + 1);
  if (host.ends_with('>')) host.remove_suffix(1);
  if (host.empty()) host = "localhost";
  text.append("From: Mail Delivery System <postmaster@").append(host).append(">\r\n");
}

void append_to(const MessageFacts& facts, std::string& text) {
  text.append("To: <").append(facts.recipient).append(">\r\n");
}

void append_date(const MessageFacts& facts, std::string& text) {
  text.append("Date: ").append(facts.date).append("\r\n");
}

void append_message_id(const MessageFacts& facts, std::string& text) {
  text.append("Message-ID: ").append(facts.message_id).append("\r\n");
}

}  // namespace millrace::mail
