#include "mail/folding.h"

#include <algorithm>

#include "base/utf8.h"

namespace millrace::mail {
namespace {

constexpr std::string_view kBetweenWords = " \t\r\n";

// The characters of the last line, in UTF-8 as well.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return !continues_utf8(byte); }));
}

std::string_view last_line(std::string_view text) { return text.substr(text.rfind('\n') + 1); }

}  // namespace

bool is_long(std::string_view field, std::size_t begin) {
  std::size_t line = field.substr(0, begin).rfind('\n') + 1;
  for (std::size_t end = 0; end != std::string_view::npos; line = end + 1) {
    end = field.find('\n', line);
    if (characters(field.substr(line, end - line)) > kFoldedLine) return true;
  }
  return false;
}

void append_folded(std::string_view value, std::string& field) {
  std::size_t used = characters(last_line(field));
  for (bool first = true; !value.empty(); first = false) {
    const std::size_t word = std::min(value.find_first_not_of(kBetweenWords), value.size());
    const std::size_t end = std::min(value.find_first_of(kBetweenWords, word), value.size());
    const std::string_view part = value.substr(0, end);
    // Blanks alone would make an empty line (RFC 5322, 3.2.2).
    const bool folds = !first && word > 0 && word < value.size();
    const bool folded = value.substr(0, word).find('\n') != std::string_view::npos;
    if (folded) {
      used = 0;
    } else if (folds && used + characters(part) > kFoldedLine) {
      field.append("\r\n");
      used = 0;
    }
    field.append(part);
    used += characters(last_line(part));
    value.remove_prefix(end);
  }
}

}  // namespace millrace::mail
