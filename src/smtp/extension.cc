#include "smtp/extension.h"

#include <algorithm>
#include <bit>

#include "smtp/keyword.h"

namespace millrace::smtp {

// What is given too few keywords has empty ones at its end: every server would announce them.
static_assert(std::none_of(kExtensionKeywords.begin(), kExtensionKeywords.end(),
                           [](std::string_view keyword) { return keyword.empty(); }));

std::optional<Extension> find_extension(std::string_view keyword) {
  const auto place = find_keyword(keyword, kExtensionKeywords);
  if (!place) return std::nullopt;
  return static_cast<Extension>(*place);
}

Extension ExtensionSet::first() const { return static_cast<Extension>(std::countr_zero(bits_)); }

}  // namespace millrace::smtp
