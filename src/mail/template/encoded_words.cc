#include "mail/template/encoded_words.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace millrace::mail {
namespace {

constexpr std::string_view kBegin = "=?utf-8?B?";
constexpr std::string_view kEnd = "?=";
constexpr std::size_t kLongestEncodedLine = 76;  // that has an encoded word in it (RFC 2047, 2)
constexpr std::size_t kMostBytes = 45;           // in a word of at most 75 characters, the same

// How many bytes fit in a word behind so many characters of a line.
std::size_t room_behind(std::size_t used) {
  const std::size_t around = used + kBegin.size() + kEnd.size();
  return around >= kLongestEncodedLine
             ? 0
             : std::min((kLongestEncodedLine - around) / 4 * 3, kMostBytes);
}

void append_word(std::string_view bytes, std::string& field) {
  std::array<unsigned char, kMostBytes / 3 * 4 + 1> encoded;  // and a NUL
  const int size =
      EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  field.append(kBegin);
  field.append(encoded.begin(), encoded.begin() + size);
  field.append(kEnd);
}

// Letters, digits and what else may be in an atom (RFC 5322, 3.2.3), and blanks.
constexpr std::array<bool, 256> kInWords = [] {
  std::array<bool, 256> in{};
  for (unsigned char byte = 'a'; byte <= 'z'; ++byte) in[byte] = true;
  for (unsigned char byte = 'A'; byte <= 'Z'; ++byte) in[byte] = true;
  for (unsigned char byte = '0'; byte <= '9'; ++byte) in[byte] = true;
  for (const char byte : std::string_view("!#$%&'*+-/=?^_`{|}~ \t\r\n")) {
    in[static_cast<unsigned char>(byte)] = true;
  }
  return in;
}();

}  // namespace

void append_encoded_words(std::string_view text, std::string& field) {
  const std::size_t line = field.rfind('\n');
  std::size_t room =
      room_behind(line == std::string::npos ? field.size() : field.size() - line - 1);
  // One word rather than two, but for a first line that would have the field's name alone.
  const bool named =
      std::string_view(field).substr(0, field.find_last_not_of(' ') + 1).ends_with(':');
  if (!named && text.size() > room && text.size() <= kMostBytes) room = 0;
  std::array<char, kMostBytes> word;
  std::size_t size = 0;
  for (std::size_t place = 0; place < text.size();) {
    // A character is not divided between words (RFC 2047, 5).
    const std::size_t length =
        std::max<std::size_t>(first_utf8_character(text.substr(place)).length, 1);
    if (text[place] != '\r' && text[place] != '\n') {
      if (size + length > room) {
        if (size > 0) append_word({word.data(), size}, field);
        field.append("\r\n ");
        room = room_behind(1);
        size = 0;
      }
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(place), length,
                  word.begin() + static_cast<std::ptrdiff_t>(size));
      size += length;
    }
    place += length;
  }
  if (size > 0) append_word({word.data(), size}, field);
}

PhraseForm form_of_phrase(std::string_view text) {
  const auto in_words = [](char byte) { return kInWords[static_cast<unsigned char>(byte)]; };
  if (std::ranges::all_of(text, in_words)) return PhraseForm::words;
  return is_ascii(text) ? PhraseForm::quoted : PhraseForm::encoded;
}

void append_quoted(std::string_view text, std::string& field) {
  field += '"';
  for (const char byte : text) {
    if (byte == '\r' || byte == '\n') continue;
    if (byte == '"' || byte == '\\') field += '\\';
    field += byte;
  }
  field += '"';
}

}  // namespace millrace::mail
