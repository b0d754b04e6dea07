#pragma once

namespace millrace::sink::rules {

// The small letter of a letter of ASCII, in any locale; another byte as it is.
constexpr char small_letter(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

}  // namespace millrace::sink::rules
