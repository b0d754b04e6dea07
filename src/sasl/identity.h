#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::sasl {

// An authorization identity as it stands between commas (RFC 5801, 4): "," and "=" are "=2C" and
// "=3D". Back: nothing when there is another "=".
std::string escape_identity(std::string_view plain);
std::optional<std::string> unescape_identity(std::string_view escaped);

}  // namespace millrace::sasl
