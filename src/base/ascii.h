#pragma once

namespace millrace {

// Bytes by what they are in ASCII, whatever the locale.

// What is below a blank, and DEL.
constexpr bool is_control(char byte) { return (byte >= 0 && byte < ' ') || byte == '\x7f'; }

// White space within a line (WSP, RFC 5234, B.1).
constexpr bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

// The small letter of a letter; another byte as it is.
constexpr char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

// The value of a hexadecimal digit of either case; -1: it is none.
constexpr int hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char small = lower(digit);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

}  // namespace millrace
