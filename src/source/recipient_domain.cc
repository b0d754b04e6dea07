#include "source/recipient_domain.h"

#include <algorithm>

#include "base/ascii.h"
#include "smtp/path.h"

namespace millrace::source {

std::string_view RecipientDomain::of(const smtp::MessageSource& messages, std::uint64_t message,
                                     std::size_t recipient) {
  constexpr std::string_view kNoDomain = "(none)";
  command_.clear();
  messages.append_rcpt(message, recipient, {}, command_);
  const std::string_view command = command_.text();
  const std::string_view address =
      smtp::address_in(command.substr(std::min(command.find(' ') + 1, command.size())));
  const std::string_view domain = smtp::split_mailbox(address).domain;
  if (domain.size() < 2) return kNoDomain;
  name_.assign(domain.substr(1));
  std::transform(name_.begin(), name_.end(), name_.begin(), lower);
  return name_;
}

}  // namespace millrace::source
