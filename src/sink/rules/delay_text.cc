#include <string>

#include "sink/rules/delay.h"
#include "smtp/keyword.h"

namespace millrace::sink::rules {
namespace {

// "{1}".
std::optional<Delay> of_group(std::string_view text) {
  if (text.size() != 3 || text[0] != '{' || text[2] != '}') return std::nullopt;
  if (text[1] < '1' || text[1] > '9') return std::nullopt;
  return OfGroup{static_cast<std::size_t>(text[1] - '0')};
}

}  // namespace

std::optional<Delay> parse_delay(std::string_view text) {
  std::string_view rest = text;
  const auto group = of_group(smtp::take_word(rest));
  if (group && smtp::take_word(rest).empty()) return group;
  std::string why;  // is not told: the reader of rules says what delays there are
  return parse_distribution(text, times_up_to(kLongestDelay), why);
}

}  // namespace millrace::sink::rules
