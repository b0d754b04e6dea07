#include "sink/control/encoded_words.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ascii.h"
#include "base/utf8.h"

namespace millrace::sink {
namespace {

// RFC 2047, 2. So a text is looked through once, whatever is in it.
constexpr std::size_t kLongestWord = 75;

struct Word {
  std::string_view charset;
  char encoding;  // 'q' or 'b'
  std::string_view text;
  std::size_t length;  // of all of it
};

// The encoded word that a text begins with.
std::optional<Word> word_at(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  text = text.substr(0, kLongestWord);
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 3 > text.size() ||
      text[charset_end + 2] != '?') {
    return std::nullopt;
  }
  const std::size_t begin = charset_end + 3;
  const std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return std::nullopt;
  const Word word{.charset = text.substr(2, charset_end - 2),
                  .encoding = lower(text[charset_end + 1]),
                  .text = text.substr(begin, end - begin),
                  .length = end + 2};
  if (word.text.find_first_of(" ?") != std::string_view::npos) return std::nullopt;
  return word;
}

// RFC 2047, 4.2.
std::optional<std::string> from_q(std::string_view text) {
  std::string bytes;
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (text[place] != '=') {
      bytes += text[place] == '_' ? ' ' : text[place];
      continue;
    }
    if (place + 2 >= text.size()) return std::nullopt;
    const int high = hexadecimal(text[place + 1]);
    const int low = hexadecimal(text[place + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
    place += 2;
  }
  return bytes;
}

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char digit : text) {
    const std::size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xff);
  }
  return bytes;
}

bool names(std::string_view charset, std::string_view wanted) {
  charset = charset.substr(0, charset.find('*'));  // a language may follow (RFC 2231, 5)
  if (charset.size() != wanted.size()) return false;
  for (std::size_t place = 0; place < wanted.size(); ++place) {
    if (lower(charset[place]) != wanted[place]) return false;
  }
  return true;
}

std::string from_latin_1(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x80) {
      text += byte;
    } else {
      text += static_cast<char>(0xc0 | value >> 6);
      text += static_cast<char>(0x80 | (value & 0x3f));
    }
  }
  return text;
}

// Nothing: it is none of the charsets, or not what it says.
std::optional<std::string> decode(const Word& word) {
  std::optional<std::string> bytes;
  if (word.encoding == 'q') bytes = from_q(word.text);
  if (word.encoding == 'b') bytes = from_base64(word.text);
  if (!bytes) return std::nullopt;
  if (names(word.charset, "iso-8859-1")) return from_latin_1(*bytes);
  const bool known = (names(word.charset, "utf-8") && is_utf8(*bytes)) ||
                     (names(word.charset, "us-ascii") && is_ascii(*bytes));
  return known ? bytes : std::nullopt;
}

}  // namespace

std::string decode_words(std::string_view text) {
  std::string decoded;
  std::size_t blanks = 0;    // at the end of `decoded`, behind an encoded word
  bool behind_word = false;  // nothing but blanks came since one
  while (!text.empty()) {
    const auto word = word_at(text);
    const auto words = word ? decode(*word) : std::nullopt;
    if (words) {
      if (behind_word) decoded.resize(decoded.size() - blanks);  // RFC 2047, 6.2
      decoded += *words;
      text.remove_prefix(word->length);
      behind_word = true;
      blanks = 0;
      continue;
    }
    blanks = is_blank(text.front()) ? blanks + 1 : 0;
    behind_word = behind_word && blanks > 0;
    decoded += text.front();
    text.remove_prefix(1);
  }
  return decoded;
}

}  // namespace millrace::sink
