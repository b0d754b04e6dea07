#include "smtp/verb.h"

#include <algorithm>
#include <cstring>

#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

constexpr std::size_t kLongestKeyword = 8;

// A word of at most eight bytes as a number that is the same in capitals and small letters. Other
// words may have it too.
std::uint64_t fold(std::string_view word) {
  std::uint64_t folded = 0;
  std::memcpy(&folded, word.data(), word.size());
  return folded & ~std::uint64_t{0x2020'2020'2020'2020};
}

const std::array<std::uint64_t, kVerbCount>& folded_keywords() {
  static const auto folded = [] {
    std::array<std::uint64_t, kVerbCount> made{};
    std::transform(kVerbKeywords.begin(), kVerbKeywords.end(), made.begin(), fold);
    return made;
  }();
  return folded;
}

constexpr bool blank(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace

// One comparison a verb: this is asked for each command.
std::optional<Verb> find_verb(std::string_view keyword) {
  if (keyword.size() > kLongestKeyword) return std::nullopt;
  const auto& known = folded_keywords();
  const auto* const found = std::find(known.begin(), known.end(), fold(keyword));
  if (found == known.end()) return std::nullopt;
  const auto place = static_cast<std::size_t>(found - known.begin());
  if (!same_keyword(keyword, kVerbKeywords[place])) return std::nullopt;
  return static_cast<Verb>(place);
}

Command parse_command(std::string_view line) {
  const auto* const start = std::find_if_not(line.begin(), line.end(), blank);
  const auto* const end = std::find_if(start, line.end(), blank);
  const auto* const arguments = std::find_if_not(end, line.end(), blank);
  return {{start, end}, {arguments, line.end()}};
}

}  // namespace millrace::smtp
