#include "smtp/keyword.h"

#include <algorithm>

namespace millrace::smtp {
namespace {

constexpr char upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

}  // namespace

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool same_keyword(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return upper(a) == upper(b); });
}

std::optional<std::size_t> find_keyword(std::string_view spoken,
                                        std::span<const std::string_view> keywords) {
  for (std::size_t place = 0; place < keywords.size(); ++place) {
    if (same_keyword(spoken, keywords[place])) return place;
  }
  return std::nullopt;
}

std::string_view find_listed(std::string_view word, std::string_view list) {
  for (;;) {
    const std::string_view next = take_word(list);
    if (next.empty() || same_keyword(next, word)) return next;
  }
}

std::string_view take_word(std::string_view& text, std::string_view separators) {
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace millrace::smtp
