#include "sink/answers/encodings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/printable.h"
#include "sasl/gnu_sasl.h"
#include "smtp/keyword.h"

namespace millrace::sink {
namespace {

constexpr std::size_t kLongestLine = 998;          // RFC 5322, 2.1.1
constexpr std::size_t kLongestQuotedLine = 76;     // RFC 2045, 6.7, the soft break included
constexpr std::size_t kLongestEncodedWord = 75;    // RFC 2047, 2
constexpr std::size_t kBytesOfAnEncodedWord = 45;  // 60 in base64, and 12 around them

bool graphic(char byte) { return byte > ' ' && byte <= '~'; }

bool base64_text(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::string_view digits = text.substr(0, text.find_last_not_of('=') + 1);
  return text.size() - digits.size() <= 2 &&
         std::all_of(digits.begin(), digits.end(), [](unsigned char byte) {
           return std::isalnum(byte) != 0 || byte == '+' || byte == '/';
         });
}

// The "Q" encoding (RFC 2047, 4.2).
bool quoted_text(std::string_view text) {
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (text[place] == '?') return false;
    if (text[place] != '=') continue;
    const std::string_view digits = text.substr(place + 1, 2);
    if (digits.size() < 2 || !std::all_of(digits.begin(), digits.end(), [](unsigned char byte) {
          return std::isxdigit(byte) != 0;
        })) {
      return false;
    }
  }
  return !text.empty();
}

// "=?charset?encoding?text?=", of a word that begins like one (RFC 2047, 2).
bool encoded_word(std::string_view word) {
  if (word.size() > kLongestEncodedWord || word.size() < 6 || !word.ends_with("?=")) return false;
  word = word.substr(2, word.size() - 4);
  const std::size_t charset = word.find('?');
  if (charset == std::string_view::npos || charset == 0) return false;
  const bool named = std::all_of(
      word.begin(), word.begin() + static_cast<std::ptrdiff_t>(charset),
      [](unsigned char byte) { return std::isalnum(byte) != 0 || byte == '-' || byte == '_'; });
  const std::string_view rest = word.substr(charset + 1);
  if (!named || rest.size() < 3 || rest[1] != '?') return false;
  const std::string_view text = rest.substr(2);
  switch (rest.front()) {
    case 'b':
    case 'B':
      return base64_text(text);
    case 'q':
    case 'Q':
      return quoted_text(text);
    default:
      return false;
  }
}

// Whether it can stand in a field as it is.
bool plain_words(std::string_view text) {
  const auto fits = [](char byte) { return byte == ' ' || byte == '\t' || graphic(byte); };
  if (!std::all_of(text.begin(), text.end(), fits)) return false;
  for (;;) {
    const std::string_view word = smtp::take_word(text);
    if (word.empty()) return true;
    if (word.find("=?") == std::string_view::npos) continue;
    if (!word.starts_with("=?") || !encoded_word(word)) return false;
  }
}

// At most `most` bytes, and where that cuts a word, none of it, unless it is all there is.
std::string_view whole_words(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  const std::size_t blank = text.find_last_of(smtp::kBlanks, most);
  const bool some = blank != std::string_view::npos && blank > 0;
  return text.substr(0, some ? blank : most);
}

// The next piece of UTF-8 text, of at most `most` bytes and with no part of a character.
std::string_view take_piece(std::string_view& text, std::size_t most) {
  std::size_t end = std::min(text.size(), most);
  const auto continues = [&] { return (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80; };
  while (end < text.size() && end > 0 && continues()) --end;
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(end);
  return piece;
}

// The characters of well-formed UTF-8, those beyond ASCII and those of `escaped` by their numbers.
std::string with_escapes(std::string_view text, std::string_view escaped) {
  std::string encoded;
  while (!text.empty()) {
    std::size_t more = 0;  // bytes
    while (1 + more < text.size() && (static_cast<unsigned char>(text[1 + more]) & 0xc0U) == 0x80) {
      ++more;
    }
    const auto lead = static_cast<unsigned char>(text.front());
    std::uint32_t character = more == 0 ? lead : lead & (0x3fU >> more);
    for (const char byte : text.substr(1, more)) {
      character = character << 6U | (static_cast<unsigned char>(byte) & 0x3fU);
    }
    if (more > 0 || escaped.find(text.front()) != std::string_view::npos) {
      fmt::format_to(std::back_inserter(encoded), "\\x{{{:02X}}}", character);
    } else {
      encoded += text.front();
    }
    text.remove_prefix(1 + more);
  }
  return encoded;
}

}  // namespace

bool international(std::string_view text) {
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](unsigned char byte) { return byte < 0x80; });
  return !ascii && printable(text, Charset::utf8) == text;
}

bool international_header(std::string_view section) {
  std::string line;  // as if it were one
  for (; !section.empty(); section.remove_prefix(1)) {
    const bool ends = section.starts_with("\r\n");
    if (ends) section.remove_prefix(1);
    line += ends || section.front() == '\t' ? ' ' : section.front();
  }
  return international(line);
}

std::string seven_bit_escapes(std::string_view text) { return with_escapes(text, ""); }

std::string utf8_address(std::string_view address) { return with_escapes(address, " +=\\"); }

bool seven_bit(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    if (end > kLongestLine) return false;  // or it does not end
    const std::string_view line = text.substr(0, end);
    const bool clean = std::all_of(line.begin(), line.end(), [](unsigned char byte) {
      return byte != '\0' && byte != '\r' && byte != '\n' && byte < 0x80;
    });
    if (!clean) return false;
    text.remove_prefix(end + 2);
  }
  return true;
}

std::string quoted_printable(std::string_view bytes) {
  std::string text;
  std::size_t column = 0;
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    if (bytes.substr(place, 2) == "\r\n") {
      text.append("\r\n");
      column = 0;
      ++place;
      continue;
    }
    const char byte = bytes[place];
    // A blank at the end of a line would be lost.
    const std::string_view next = bytes.substr(place + 1, 2);
    const bool last = next.empty() || next == "\r\n";
    const bool literal = (graphic(byte) && byte != '=') || (!last && (byte == ' ' || byte == '\t'));
    const std::size_t width = literal ? 1 : 3;
    if (column + width >= kLongestQuotedLine) {
      text.append("=\r\n");
      column = 0;
    }
    column += width;
    if (literal) {
      text += byte;
    } else {
      fmt::format_to(std::back_inserter(text), "={:02X}", static_cast<unsigned char>(byte));
    }
  }
  return text;
}

std::string unstructured(std::string_view text, std::size_t most) {
  const std::string_view words = whole_words(text, most);
  if (plain_words(words)) return std::string(words);
  const std::string shown = printable(beginning(text, most), Charset::utf8);
  std::string encoded;
  for (std::string_view rest = shown; !rest.empty();) {
    if (!encoded.empty()) encoded += ' ';
    const std::string_view piece = take_piece(rest, kBytesOfAnEncodedWord);
    encoded.append("=?utf-8?B?").append(sasl::encode_base64(piece)).append("?=");
  }
  return encoded;
}

}  // namespace millrace::sink
