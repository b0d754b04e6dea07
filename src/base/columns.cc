#include "base/columns.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace millrace {
namespace {

constexpr std::string_view kCut = "...";

// The C library knows widths by a locale's characters, whichever the program's own is. It lasts as
// long as the program; null: there is none, and each character counts as one column.
locale_t utf8_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

std::size_t width_of(std::string_view character) {
  if (character.size() == 1 || utf8_locale() == nullptr) return 1;
  const locale_t before = uselocale(utf8_locale());
  const int width = wcwidth(static_cast<wchar_t>(first_utf8_character(character).value));
  uselocale(before);
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

// What must not be taken apart: an escape, or a character with the accents that follow it.
struct Piece {
  std::string text;
  std::size_t columns;
};

std::vector<Piece> pieces_of(std::string_view text, Charset charset) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    // In ASCII each byte has an escape of its own.
    const std::size_t whole = charset == Charset::utf8 ? first_utf8_character(text).length : 1;
    const std::size_t length = std::max<std::size_t>(whole, 1);
    std::string shown = printable(text.substr(0, length), charset);
    const std::size_t columns = columns_of(shown);
    if (columns == 0 && !pieces.empty()) {
      pieces.back().text += shown;
    } else {
      pieces.push_back({.text = std::move(shown), .columns = columns});
    }
    text.remove_prefix(length);
  }
  return pieces;
}

}  // namespace

std::size_t columns_of(std::string_view printable_text) {
  std::size_t columns = 0;
  while (!printable_text.empty()) {
    const std::size_t length =
        std::max<std::size_t>(first_utf8_character(printable_text).length, 1);
    columns += width_of(printable_text.substr(0, length));
    printable_text.remove_prefix(length);
  }
  return columns;
}

std::string fitted(std::string_view text, std::size_t most, Charset charset) {
  const std::vector<Piece> pieces = pieces_of(text, charset);
  std::size_t columns = 0;
  for (const Piece& piece : pieces) columns += piece.columns;
  std::string shown;
  if (columns <= most) {
    for (const Piece& piece : pieces) shown += piece.text;
    return shown;
  }
  const std::size_t left = most - kCut.size();
  std::size_t room = left - left / 2;
  for (auto piece = pieces.begin(); piece->columns <= room; ++piece) {
    shown += piece->text;
    room -= piece->columns;
  }
  auto tail = pieces.end();
  for (room = left / 2; (tail - 1)->columns <= room; --tail) room -= (tail - 1)->columns;
  shown += kCut;
  for (; tail != pieces.end(); ++tail) shown += tail->text;
  return shown;
}

}  // namespace millrace
