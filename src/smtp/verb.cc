#include "smtp/verb.h"

#include <algorithm>

namespace millrace::smtp {
namespace {

constexpr std::string_view kBlanks = " \t";

constexpr char upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

bool same_keyword(std::string_view spoken, std::string_view known) {
  return std::equal(spoken.begin(), spoken.end(), known.begin(), known.end(),
                    [](char a, char b) { return upper(a) == b; });
}

}  // namespace

std::optional<Verb> find_verb(std::string_view keyword) {
  const auto* const found =
      std::find_if(kVerbKeywords.begin(), kVerbKeywords.end(),
                   [&](std::string_view known) { return same_keyword(keyword, known); });
  if (found == kVerbKeywords.end()) return std::nullopt;
  return static_cast<Verb>(found - kVerbKeywords.begin());
}

Command parse_command(std::string_view line) {
  const std::size_t start = std::min(line.find_first_not_of(kBlanks), line.size());
  const std::size_t end = std::min(line.find_first_of(kBlanks, start), line.size());
  const std::size_t arguments = std::min(line.find_first_not_of(kBlanks, end), line.size());
  return {line.substr(start, end - start), line.substr(arguments)};
}

}  // namespace millrace::smtp
