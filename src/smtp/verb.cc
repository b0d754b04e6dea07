#include "smtp/verb.h"

#include <algorithm>

#include "smtp/keyword.h"

namespace millrace::smtp {

std::optional<Verb> find_verb(std::string_view keyword) {
  const auto place = find_keyword(keyword, kVerbKeywords);
  if (!place) return std::nullopt;
  return static_cast<Verb>(*place);
}

Command parse_command(std::string_view line) {
  const std::string_view keyword = take_word(line);
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  return {keyword, line};
}

}  // namespace millrace::smtp
