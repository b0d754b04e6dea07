#include "mail/addresses/pattern.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/number.h"
#include "base/printable.h"
#include "base/utf8.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kMostDigits = 18;  // those of the largest number

std::size_t digits_of(std::uint64_t number) {
  std::size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

void append_number(std::uint64_t number, std::size_t digits, std::string& text) {
  std::array<char, kMostDigits + 1> written;
  char* const end = std::to_chars(written.data(), written.data() + written.size(), number).ptr;
  const auto length = static_cast<std::size_t>(end - written.data());
  if (length < digits) text.append(digits - length, '0');
  text.append(written.data(), length);
}

bool has_zeros(std::string_view number) { return number.size() > 1 && number.front() == '0'; }

bool only_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

// `text` with its braces.
std::optional<Pattern::Range> Pattern::parse_range(std::string_view text, std::string& why) {
  const std::string_view inside = text.substr(1, text.size() - 2);
  const std::size_t dash = std::min(inside.find('-'), inside.size());
  const std::string_view first = inside.substr(0, dash);
  const std::string_view last = inside.substr(std::min(dash + 1, inside.size()));
  const auto from = whole_number(first, 0, kLargestNumber);
  const auto to = whole_number(last, 0, kLargestNumber);
  if (!from || !to || first.size() > kMostDigits || last.size() > kMostDigits) {
    why = in_quotes(text) + " is no range, as {1-5000}, of numbers of 18 digits at most";
  } else if (*to < *from) {
    why = in_quotes(text) + " ends below where it begins";
  } else if (has_zeros(last) && last.size() != first.size()) {
    why = in_quotes(text) + " has zeros in front of its end, which is not as long as its beginning";
  } else {
    return Range{
        .first = *from, .count = *to - *from + 1, .digits = has_zeros(first) ? first.size() : 1};
  }
  return std::nullopt;
}

std::optional<Pattern> Pattern::parse(std::string_view text, AddressPart part, std::string& why) {
  why.clear();
  Pattern pattern;
  std::string_view rest = text;
  for (;;) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    const std::size_t close = std::min(rest.find('}'), rest.size());
    if (close < open || (close == rest.size() && open < close)) {
      why = in_quotes(text) + " has a brace without the other";
      return std::nullopt;
    }
    if (open == rest.size()) break;
    if (pattern.ranges_.size() == kMostRanges) {
      why = in_quotes(text) + " has more than 8 ranges";
      return std::nullopt;
    }
    auto range = parse_range(rest.substr(open, close + 1 - open), why);
    if (!range) return std::nullopt;
    if (range->count > kMostValues / pattern.size_) {
      why = in_quotes(text) + " is of more than 2^48 values";
      return std::nullopt;
    }
    pattern.size_ *= range->count;
    range->before = rest.substr(0, open);
    pattern.ranges_.push_back(std::move(*range));
    rest.remove_prefix(close + 1);
  }
  pattern.behind_ = rest;
  if (pattern.ambiguous()) {
    why = in_quotes(text) +
          " has ranges with nothing but digits between them, so that two of its values would be "
          "the same";
    return std::nullopt;
  }
  // Numbers differ in nothing but their digits, which may be wherever one may: if the last value,
  // with the longest ones, is valid, all are.
  std::string last;
  pattern.append(pattern.size_ - 1, last);
  if (!valid_part(last, part)) {
    why = no_part(last, part);
    return std::nullopt;
  }
  return pattern;
}

// Whether where a number ends cannot be told: it may have more digits or fewer, and there are
// others right behind it that are not always the same.
bool Pattern::ambiguous() const {
  for (std::size_t place = 1; place < ranges_.size(); ++place) {
    const Range& range = ranges_[place - 1];
    const bool same_length = std::max(digits_of(range.first), range.digits) ==
                             std::max(digits_of(range.first + range.count - 1), range.digits);
    if (!same_length && only_digits(ranges_[place].before)) return true;
  }
  return false;
}

bool Pattern::ascii() const {
  return is_ascii(behind_) &&
         std::ranges::all_of(ranges_, [](const Range& range) { return is_ascii(range.before); });
}

void Pattern::append(std::uint64_t number, std::string& text) const {
  std::array<std::uint64_t, kMostRanges> numbers;
  for (std::size_t place = ranges_.size(); place-- > 0;) {
    const Range& range = ranges_[place];
    numbers[place] = range.first + number % range.count;
    number /= range.count;
  }
  for (std::size_t place = 0; place < ranges_.size(); ++place) {
    text += ranges_[place].before;
    append_number(numbers[place], ranges_[place].digits, text);
  }
  text += behind_;
}

}  // namespace millrace::mail
