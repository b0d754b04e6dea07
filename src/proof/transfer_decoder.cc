#include "proof/transfer_decoder.h"

#include <array>

#include "base/ascii.h"

namespace millrace::proof {
namespace {

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> base64_values() {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = kNoDigit;
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values.at(static_cast<std::uint8_t>(kDigits[i])) = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kValues = base64_values();

std::uint8_t value_of(char digit) { return kValues[static_cast<std::uint8_t>(digit)]; }

char byte_of(std::uint32_t bits) { return static_cast<char>(bits & 0xff); }

// Puts what a quantum of base64 stands for into `bytes`, and says how many these are: 0 where it is
// none, as every encoder writes it: four digits, or two or three that are filled up with "=" and
// whose last bits, which are of no byte, are 0 (RFC 4648, 3.2 to 3.5 and 4).
std::size_t decode(std::string_view quantum, std::array<char, 3>& bytes) {
  const std::size_t digits = quantum.find_last_not_of('=') + 1;
  if (quantum.size() < 4 || digits < 2) return 0;
  std::uint32_t bits = 0;
  for (const char digit : quantum.substr(0, digits)) {
    if (value_of(digit) == kNoDigit) return 0;
    bits = bits << 6 | value_of(digit);
  }
  bits <<= 6 * (4 - digits);
  bytes = {byte_of(bits >> 16), byte_of(bits >> 8), byte_of(bits)};
  const std::size_t size = digits - 1;
  return (bits & 0xffffffU >> 8 * size) == 0 ? size : 0;
}

}  // namespace

void TransferDecoder::begin(Encoding encoding) {
  encoding_ = encoding;
  escape_ = Escape::none;
  held_ = 0;
}

void TransferDecoder::take(const LinePiece& line, BodyText& text) {
  switch (encoding_) {
    case Encoding::none:
      text.take_decoded(line.text);
      if (line.last) text.take_decoded("\r\n");
      return;
    case Encoding::quoted_printable:
      take_quoted(line, text);
      return;
    case Encoding::base64:
      take_base64(line.text, text);
  }
}

// What is none is kept with "=" ahead of it: so one that lost a byte is not as long as what it
// stood for, which is "Vm0" of "Vm0w".
void TransferDecoder::end_quantum(BodyText& text) {
  const std::string_view quantum(quantum_.data(), held_);
  std::array<char, 3> bytes;
  if (const std::size_t size = decode(quantum, bytes); size > 0) {
    text.take_decoded({bytes.data(), size});
  } else {
    text.take_decoded("=");
    text.take_decoded(quantum);
  }
  held_ = 0;
}

void TransferDecoder::finish(BodyText& text) {
  if (held_ > 0) end_quantum(text);
  escape_ = Escape::none;
}

void TransferDecoder::take_quoted(const LinePiece& line, BodyText& text) {
  std::string_view rest = line.text;
  while (!rest.empty()) {
    if (escape_ != Escape::none) {
      const char byte = rest.front();
      rest.remove_prefix(1);
      take_escape(byte, text);
      continue;
    }
    const std::string_view plain = rest.substr(0, rest.find('='));
    text.take_decoded(plain);
    rest.remove_prefix(plain.size());
    if (rest.empty()) break;
    escape_ = Escape::begun;
    rest.remove_prefix(1);
  }
  if (!line.last) return;
  // Only "=" joins lines, blanks behind it or not.
  if (escape_ == Escape::one_digit) {
    text.take_decoded("=");
    text.take_decoded({&digit_, 1});
    escape_ = Escape::none;
  }
  if (escape_ == Escape::none) text.take_decoded("\r\n");
  escape_ = Escape::none;
}

// The byte behind "=", or behind that and a digit.
void TransferDecoder::take_escape(char byte, BodyText& text) {
  const Escape escape = escape_;
  const int digit = hexadecimal(byte);
  if (escape == Escape::begun && digit >= 0) {
    digit_ = byte;
    escape_ = Escape::one_digit;
    return;
  }
  if (escape == Escape::one_digit && digit >= 0) {
    const char decoded = static_cast<char>(hexadecimal(digit_) * 16 + digit);
    escape_ = Escape::none;
    text.take_decoded({&decoded, 1});
    return;
  }
  if (escape != Escape::one_digit && (byte == ' ' || byte == '\t')) {
    escape_ = Escape::soft_break;
    return;
  }
  escape_ = Escape::none;
  text.take_decoded("=");
  if (escape == Escape::one_digit) text.take_decoded({&digit_, 1});
  if (byte == '=') {
    escape_ = Escape::begun;
  } else {
    text.take_decoded({&byte, 1});
  }
}

void TransferDecoder::take_base64(std::string_view line, BodyText& text) {
  std::array<char, 3 * 1'024> bytes;
  std::size_t size = 0;
  while (!line.empty()) {
    if (held_ == 0 && line.size() >= 4) {
      const std::uint32_t first = value_of(line[0]);
      const std::uint32_t second = value_of(line[1]);
      const std::uint32_t third = value_of(line[2]);
      const std::uint32_t fourth = value_of(line[3]);
      if ((first | second | third | fourth) != kNoDigit) {
        if (size == bytes.size()) {
          text.take_decoded({bytes.data(), size});
          size = 0;
        }
        const std::uint32_t bits = first << 18 | second << 12 | third << 6 | fourth;
        bytes[size] = byte_of(bits >> 16);
        bytes[size + 1] = byte_of(bits >> 8);
        bytes[size + 2] = byte_of(bits);
        size += 3;
        line.remove_prefix(4);
        continue;
      }
    }
    const char byte = line.front();
    line.remove_prefix(1);
    if (is_blank(byte)) continue;
    quantum_[held_++] = byte;
    if (held_ < quantum_.size()) continue;
    text.take_decoded({bytes.data(), size});
    size = 0;
    end_quantum(text);
  }
  text.take_decoded({bytes.data(), size});
}

}  // namespace millrace::proof
