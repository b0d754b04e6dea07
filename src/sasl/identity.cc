#include "sasl/identity.h"

namespace millrace::sasl {

std::string escape_identity(std::string_view plain) {
  std::string escaped;
  for (const char byte : plain) {
    if (byte == ',') {
      escaped += "=2C";
    } else if (byte == '=') {
      escaped += "=3D";
    } else {
      escaped += byte;
    }
  }
  return escaped;
}

std::optional<std::string> unescape_identity(std::string_view escaped) {
  std::string plain;
  while (!escaped.empty()) {
    const std::string_view three = escaped.substr(0, 3);
    const bool comma = three == "=2C";
    const bool equals = three == "=3D";
    if (escaped.front() == '=' && !comma && !equals) return std::nullopt;
    plain += comma ? ',' : escaped.front();
    escaped.remove_prefix(comma || equals ? 3 : 1);
  }
  return plain;
}

}  // namespace millrace::sasl
