#include "smtp/extension.h"

#include <bit>

#include "smtp/keyword.h"

namespace millrace::smtp {

std::optional<Extension> find_extension(std::string_view keyword) {
  const auto place = find_keyword(keyword, kExtensionKeywords);
  if (!place) return std::nullopt;
  return static_cast<Extension>(*place);
}

Extension ExtensionSet::first() const { return static_cast<Extension>(std::countr_zero(bits_)); }

}  // namespace millrace::smtp
