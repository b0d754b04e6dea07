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

}  // namespace

void TransferDecoder::begin(Encoding encoding) {
  encoding_ = encoding;
  escape_ = Escape::none;
  bits_ = 0;
  digits_ = 0;
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

// A quantum of fewer than four digits: the whole bytes that they are (RFC 4648, 4).
void TransferDecoder::end_quantum(BodyText& text) {
  const std::array<char, 2> bytes = {byte_of(digits_ == 3 ? bits_ >> 10 : bits_ >> 4),
                                     byte_of(bits_ >> 2)};
  if (digits_ > 1) text.take_decoded({bytes.data(), digits_ - 1});
  digits_ = 0;
  bits_ = 0;
}

void TransferDecoder::finish(BodyText& text) {
  end_quantum(text);
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

void TransferDecoder::take_base64(std::string_view digits, BodyText& text) {
  std::array<char, 3 * 1'024> bytes;
  std::size_t size = 0;
  const auto put = [&](std::uint32_t bits) {
    if (size == bytes.size()) {
      text.take_decoded({bytes.data(), size});
      size = 0;
    }
    bytes[size] = byte_of(bits >> 16);
    bytes[size + 1] = byte_of(bits >> 8);
    bytes[size + 2] = byte_of(bits);
    size += 3;
  };
  while (!digits.empty()) {
    if (digits_ == 0 && digits.size() >= 4) {
      const std::uint32_t first = value_of(digits[0]);
      const std::uint32_t second = value_of(digits[1]);
      const std::uint32_t third = value_of(digits[2]);
      const std::uint32_t fourth = value_of(digits[3]);
      if ((first | second | third | fourth) != kNoDigit) {
        put(first << 18 | second << 12 | third << 6 | fourth);
        digits.remove_prefix(4);
        continue;
      }
    }
    const char digit = digits.front();
    digits.remove_prefix(1);
    if (digit == '=') {
      text.take_decoded({bytes.data(), size});
      size = 0;
      end_quantum(text);
    }
    if (value_of(digit) == kNoDigit) continue;
    bits_ = bits_ << 6 | value_of(digit);
    if (++digits_ < 4) continue;
    put(bits_);
    digits_ = 0;
    bits_ = 0;
  }
  text.take_decoded({bytes.data(), size});
}

}  // namespace millrace::proof
