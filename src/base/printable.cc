#include "base/printable.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "base/utf8.h"

namespace millrace {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// What must not be shown although it is well-formed.
constexpr std::array<Range, 8> kUnsafe = {{{0x80, 0x9f},      // C1
                                           {0x61c, 0x61c},    // Arabic letter mark
                                           {0x200b, 0x200f},  // of no width, and directions
                                           {0x2028, 0x202e},  // separators, embeddings, overrides
                                           {0x2060, 0x206f},  // invisible, and isolates
                                           {0xfeff, 0xfeff},  // byte order mark
                                           {0xfff0, 0xfffb},  // specials
                                           {0xe0000, 0xe0fff}}};  // tags and variations

bool unsafe(char32_t character) {
  return std::any_of(kUnsafe.begin(), kUnsafe.end(), [&](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

void append_escape(std::string& out, const char* format, unsigned value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, value);
  out += text.data();
}

void append_byte(std::string& out, char byte) {
  constexpr std::string_view kNamed = "\n\r\t";
  constexpr std::string_view kNames = "nrt";
  if (const std::size_t place = kNamed.find(byte); place != std::string_view::npos) {
    out.append("\\").append(1, kNames[place]);
  } else {
    append_escape(out, "\\x%02x", static_cast<unsigned char>(byte));
  }
}

Charset charset_of_environment() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string locale(value);
    std::transform(locale.begin(), locale.end(), locale.begin(),
                   [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
    const bool utf8 =
        locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
    return utf8 ? Charset::utf8 : Charset::ascii;
  }
  return Charset::ascii;
}

}  // namespace

Charset charset_of_locale() {
  static const Charset charset = charset_of_environment();
  return charset;
}

std::string printable(std::string_view text, Charset charset) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const char byte = text.front();
    const bool plain = byte >= ' ' && byte <= '~';
    const bool eight_bit = static_cast<unsigned char>(byte) >= 0x80;
    const Utf8Character character =
        eight_bit && charset == Charset::utf8 ? first_utf8_character(text) : Utf8Character{};
    if (plain) {
      shown += byte;
    } else if (character.length == 0) {
      append_byte(shown, byte);
    } else if (unsafe(character.value)) {
      append_escape(shown, "\\u%04x", static_cast<unsigned>(character.value));
    } else {
      shown += text.substr(0, character.length);
    }
    text.remove_prefix(std::max<std::size_t>(character.length, 1));
  }
  return shown;
}

std::string beginning(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  constexpr std::size_t kLongest = 4;  // bytes of a character
  std::size_t end = most;
  while (end > 0 && most - end < kLongest - 1 && continues_utf8(text[end])) --end;
  return std::string(text.substr(0, end)).append("...");
}

std::string in_quotes(std::string_view text) {
  return "'" + printable(beginning(text), Charset::utf8) + "'";
}

}  // namespace millrace
