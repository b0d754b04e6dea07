#include "source/remaining_recipients.h"

#include "source/session_record.h"

namespace millrace::source {

std::size_t RemainingRecipients::recipients(std::uint64_t message) const {
  const auto left = record_.recipients_left(message);
  return left.empty() ? all_.recipients(message) : left.size();
}

void RemainingRecipients::append_rcpt(std::uint64_t message, std::size_t recipient,
                                      smtp::ExtensionSet used, Output& out) const {
  const auto left = record_.recipients_left(message);
  all_.append_rcpt(message, left.empty() ? recipient : left[recipient], used, out);
}

}  // namespace millrace::source
