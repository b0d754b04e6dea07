#include "config/refusal.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "base/quantity.h"

namespace millrace::config {

void tell(const std::vector<std::string>& mistakes) {
  for (const std::string& mistake : mistakes) {
    fmt::print(stderr, "{}\n", printable(mistake, Charset::utf8));
  }
}

void refuse(const std::string& where, const std::vector<std::string>& mistakes) {
  tell(mistakes);
  throw Fatal(fmt::format("{} mistake{} in {}", mistakes.size(), plural(mistakes.size()), where));
}

}  // namespace millrace::config
