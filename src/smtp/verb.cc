#include "smtp/verb.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

// What is given too few names has empty ones at its end.
static_assert(std::none_of(kVerbKeywords.begin(), kVerbKeywords.end(),
                           [](std::string_view keyword) { return keyword.empty(); }));

constexpr std::size_t kFour = 4;

using FourBytes = std::array<char, kFour>;

// Four letters as a number that is the same in capitals and small letters, and that nothing but
// these letters has.
constexpr std::uint32_t fold(const FourBytes& word) {
  return std::bit_cast<std::uint32_t>(word) & ~std::uint32_t{0x2020'2020};
}

constexpr std::uint32_t folded(Verb verb) {
  const std::string_view word = keyword(verb);
  return fold({word[0], word[1], word[2], word[3]});
}

FourBytes first_four(std::string_view text) {
  FourBytes bytes;
  std::memcpy(bytes.data(), text.data(), bytes.size());
  return bytes;
}

// Nearly all commands; asked for each of them.
std::optional<Verb> find_four_letter_verb(const FourBytes& word) {
  switch (fold(word)) {
    case folded(Verb::mail):
      return Verb::mail;
    case folded(Verb::rcpt):
      return Verb::rcpt;
    case folded(Verb::data):
      return Verb::data;
    case folded(Verb::bdat):
      return Verb::bdat;
    case folded(Verb::rset):
      return Verb::rset;
    case folded(Verb::quit):
      return Verb::quit;
    default:
      return std::nullopt;
  }
}

constexpr bool blank(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace

std::optional<Verb> find_verb(std::string_view keyword) {
  if (keyword.size() == kFour) {
    if (const auto verb = find_four_letter_verb(first_four(keyword))) return verb;
  }
  const auto place = find_keyword(keyword, kVerbKeywords);
  if (!place) return std::nullopt;
  return static_cast<Verb>(*place);
}

Command parse_command(std::string_view line) {
  // As commands mostly are: four letters, one blank.
  if (line.size() > kFour + 1 && line[kFour] == ' ' && !blank(line[kFour + 1]) &&
      find_four_letter_verb(first_four(line))) {
    return {line.substr(0, kFour), line.substr(kFour + 1)};
  }
  const auto* const start = std::find_if_not(line.begin(), line.end(), blank);
  const auto* const end = std::find_if(start, line.end(), blank);
  const auto* const arguments = std::find_if_not(end, line.end(), blank);
  return {{start, end}, {arguments, line.end()}};
}

}  // namespace millrace::smtp
