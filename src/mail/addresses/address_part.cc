#include "mail/addresses/address_part.h"

#include "smtp/path.h"

namespace millrace::mail {

bool valid_part(std::string_view text, AddressPart part) {
  if (text.size() > kLongestAddress) return false;
  switch (part) {
    case AddressPart::mailbox:
      return smtp::valid_mailbox(text);
    case AddressPart::domain:
      return smtp::valid_domain(text) || smtp::valid_address_literal(text);
    case AddressPart::local_part:
      return smtp::valid_local_part(text);
  }
  return false;
}

std::string_view name_of(AddressPart part) {
  switch (part) {
    case AddressPart::mailbox:
      return "address";
    case AddressPart::domain:
      return "domain";
    case AddressPart::local_part:
      return "local part";
  }
  return {};
}

}  // namespace millrace::mail
