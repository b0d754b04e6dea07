// The first byte says what follows: a pattern or a file of lines or of CSV; of addresses, domains
// or local parts. What is taken has nothing but valid ones; no two values of a pattern are the
// same; the addresses of a file, a line each, are a file of the same.
#include <algorithm>
#include <set>
#include <string>

#include "base/diagnostics.h"
#include "mail/addresses/address_list.h"
#include "mail/addresses/pattern.h"
#include "pieces.h"

using namespace millrace;
using namespace millrace::mail;

namespace {

constexpr std::size_t kTried = 200;

// All values of a small pattern; of a large one the first, the last and some between.
std::set<std::uint64_t> some_values(const Pattern& pattern, Roll& roll) {
  std::set<std::uint64_t> numbers;
  const std::uint64_t front = std::min<std::uint64_t>(pattern.size(), kTried);
  for (std::uint64_t number = 0; number < front; ++number) {
    numbers.insert({number, pattern.size() - 1 - number, roll.below(pattern.size())});
  }
  return numbers;
}

void check_pattern(std::string_view text, AddressPart part) {
  std::string why;
  const auto pattern = Pattern::parse(text, part, why);
  fuzz::require(pattern.has_value() == why.empty());
  if (!pattern) return;
  fuzz::require(pattern->size() > 0 && pattern->size() <= Pattern::kMostValues);
  Roll roll(text.size());
  const auto numbers = some_values(*pattern, roll);
  std::set<std::string> values;
  for (const std::uint64_t number : numbers) {
    std::string value;
    pattern->append(number, value);
    fuzz::require(valid_part(value, part));
    values.insert(std::move(value));
  }
  fuzz::require(values.size() == numbers.size());
}

void check_list(const AddressList& list, AddressPart part) {
  fuzz::require(list.size() > 0);
  std::string lines = "\r\n";  // an address may begin with what would be a mark of byte order
  for (std::size_t place = 0; place < list.size(); ++place) {
    fuzz::require(valid_part(list[place], part));
    lines.append(list[place]).append("\r\n");
  }
  Roll roll(list.size());
  for (std::size_t count = 0; count < kTried; ++count) {
    const std::string_view drawn = list.draw(roll);
    fuzz::require(valid_part(drawn, part));
  }
  if (lines.find("\n#") != std::string::npos) return;  // from CSV
  const AddressList same = AddressList::of_lines(lines, "lines", part);
  fuzz::require(same.size() == list.size());
  for (std::size_t place = 0; place < list.size(); ++place) {
    fuzz::require(same[place] == list[place]);
  }
}

void check_file(std::string_view text, AddressPart part, bool csv) {
  try {
    check_list(csv ? AddressList::of_csv(Csv(std::string(text), "list"), part)
                   : AddressList::of_lines(text, "list", part),
               part);
  } catch (const Fatal& mistake) {
    const std::string_view what = mistake.what();
    fuzz::require(what.starts_with("list:") && what.find('\n') == std::string_view::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto part = static_cast<AddressPart>(data[0] / 3 % 3);
  if (data[0] % 3 == 0) {
    check_pattern(text, part);
  } else {
    check_file(text, part, data[0] % 3 == 2);
  }
  return 0;
}
