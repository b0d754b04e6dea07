#include "fleet/quota_letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/number.h"

namespace millrace::fleet {

Letter quota_letter(Subject subject, QuotaWord word) {
  return {.subject = subject, .text = fmt::format("{} {}", word.quota, word.number)};
}

std::optional<QuotaWord> quota_word(const Letter& letter) {
  const std::string_view text = letter.text;
  const std::size_t space = std::min(text.find(' '), text.size());
  const auto quota = whole_number(text.substr(0, space));
  const auto number = whole_number(text.substr(std::min(space + 1, text.size())));
  if (!quota || !number) return std::nullopt;
  return QuotaWord{.quota = static_cast<std::size_t>(*quota), .number = *number};
}

std::vector<Letter> quota_asks(const QuotaShares& shares) {
  std::vector<Letter> asks;
  for (std::size_t quota = 0; quota < shares.size(); ++quota) {
    const auto waiting = shares[quota]->ask();
    if (waiting) asks.push_back(quota_letter(Subject::ask, {.quota = quota, .number = *waiting}));
  }
  return asks;
}

std::optional<Letter> obey(const QuotaShares& shares, const Letter& letter) {
  if (letter.subject != Subject::more && letter.subject != Subject::recall) return std::nullopt;
  const auto word = quota_word(letter);
  if (!word || word->quota >= shares.size()) return std::nullopt;
  threads::QuotaShare& share = *shares[word->quota];
  if (letter.subject == Subject::recall) {
    return quota_letter(Subject::unused, {.quota = word->quota, .number = share.give_up()});
  }
  share.answer(word->number);
  return std::nullopt;
}

}  // namespace millrace::fleet
