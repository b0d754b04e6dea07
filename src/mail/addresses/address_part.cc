#include "mail/addresses/address_part.h"

#include "base/printable.h"
#include "base/utf8.h"
#include "smtp/path.h"

namespace millrace::mail {

bool valid_part(std::string_view text, AddressPart part) {
  if (text.size() > kLongestAddress) return false;
  switch (part) {
    case AddressPart::mailbox:
      return smtp::valid_mailbox(text, Charset::utf8);
    case AddressPart::domain:
      return smtp::valid_domain(text, Charset::utf8) || smtp::valid_address_literal(text);
    case AddressPart::local_part:
      return smtp::valid_local_part(text, Charset::utf8);
  }
  return false;
}

std::string no_part(std::string_view text, AddressPart part) {
  if (!is_utf8(text)) return in_quotes(text) + " is not UTF-8";
  return in_quotes(text) + " is no " + std::string(name_of(part));
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
