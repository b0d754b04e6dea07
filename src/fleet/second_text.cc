#include "fleet/second_text.h"

#include <algorithm>
#include <cstdint>

#include "base/number.h"
#include "metrics/codec.h"

namespace millrace::fleet {
namespace {

using metrics::Second;

// Has `number` called for each number of a second, in the order of the text.
template <typename AnySecond, typename Number>
void each_number(AnySecond& second, Number number) {
  number(second.number);
  for (const auto& row : metrics::kCounterNames) number(second.counters.*row.counter);
  for (auto& times : second.errors) number(times);
  number(second.sessions_open);
  number(second.in_flight);
  number(second.waiting);
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

}  // namespace

std::string to_text(const Second& second) {
  std::string text;
  each_number(second, [&](std::uint64_t number) { text.append(std::to_string(number)) += ' '; });
  return text.append(metrics::encode(second.intended)).append(" ").append(second.latest_error);
}

std::optional<Second> second_of(std::string_view text) {
  Second second;
  bool well = true;
  each_number(second, [&](std::uint64_t& number) {
    const auto read = whole_number(take_word(text));
    well = well && read;
    number = read.value_or(0);
  });
  if (!well || !metrics::decode(take_word(text), second.intended)) return std::nullopt;
  second.latest_error = text;
  return second;
}

}  // namespace millrace::fleet
