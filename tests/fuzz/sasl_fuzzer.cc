// The server's side of AUTH: lines of the input are the responses, the first byte chooses the
// mechanism and who is let in. Nobody gets in without the password.
#include <array>
#include <string>

#include "pieces.h"
#include "sasl/mechanisms.h"
#include "sasl/server.h"
#include "smtp/keyword.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Kind = smtp::AuthenticationStep::Kind;
  static const sasl::Library library = sasl::open_library();
  static const sasl::UserTable known({{"ann", "a password that no fuzzer finds"}});
  static const sasl::UserTable everybody;
  if (size < 2) return 0;
  const bool open = (data[0] & 1) != 0;
  std::string_view names = open ? sasl::kOpenMechanisms : sasl::kMechanisms;
  std::string_view mechanism = smtp::take_word(names);
  for (int skip = (data[0] >> 1) % 7; skip > 0 && !names.empty(); --skip) {
    mechanism = smtp::take_word(names);
  }
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto line = [&] { return smtp::take_word(rest, "\n"); };
  sasl::Server server(library.get(), open ? everybody : known);
  smtp::AuthenticationStep step = (data[0] & 0x80) != 0 ? server.begin(mechanism, std::nullopt)
                                                        : server.begin(mechanism, line());
  for (int steps = 0; step.kind == Kind::challenge; ++steps) {
    fuzz::require(steps < 20);
    step = server.respond(line());
  }
  fuzz::require(open || step.kind != Kind::accepted);
  return 0;
}
