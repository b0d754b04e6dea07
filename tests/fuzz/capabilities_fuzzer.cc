// The reply to EHLO, and the arguments of MAIL and BDAT: whatever they say, they are read.
#include "pieces.h"
#include "smtp/capabilities.h"
#include "smtp/mail_parameters.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const smtp::Capabilities said = smtp::parse_capabilities(text);
  fuzz::require(said.auth_mechanisms.size() <= 2 * size + 1);
  fuzz::require(said.mail_limit == 0 || said.extensions.has(smtp::Extension::limits));
  const smtp::MailParameters parameters = smtp::parse_mail_parameters(text);
  fuzz::require(text.starts_with(parameters.path));
  fuzz::require(parameters.size == 0 || text.find('=') != text.npos);
  smtp::parse_chunk(text);
  return 0;
}
