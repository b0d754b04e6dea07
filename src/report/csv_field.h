#pragma once

#include <string>
#include <string_view>

namespace millrace::report {

// A text as a field of comma-separated values (RFC 4180), whatever it holds.
inline std::string csv_field(std::string_view text) {
  std::string quoted = "\"";
  for (const char byte : text) quoted.append(byte == '"' ? 2 : 1, byte);
  return quoted + "\"";
}

}  // namespace millrace::report
