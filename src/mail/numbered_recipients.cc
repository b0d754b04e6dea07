#include "mail/numbered_recipients.h"

#include "base/decimal.h"
#include "smtp/path.h"

namespace millrace::mail {

NumberedRecipients::NumberedRecipients(const std::string& address, RecipientNumber number,
                                       std::size_t most)
    : local_part_(smtp::split_mailbox(address).local_part),
      domain_(smtp::split_mailbox(address).domain),
      number_(number),
      most_(most) {}

void NumberedRecipients::append(std::uint64_t message, std::size_t recipient,
                                std::size_t recipients, std::string& text) const {
  const std::uint64_t counted = message * most_ + recipient;
  switch (number_) {
    case RecipientNumber::none:
      break;
    case RecipientNumber::count_down:
      if (recipient + 1 < recipients) append_decimal(recipients - recipient, text);
      break;
    case RecipientNumber::prefix:
      append_decimal(counted + 1, text);
      break;
    case RecipientNumber::suffix:
      text.append(local_part_);
      append_decimal(counted, text);
      text.append(domain_);
      return;
  }
  text.append(local_part_).append(domain_);
}

}  // namespace millrace::mail
