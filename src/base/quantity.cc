#include "base/quantity.h"

#include <array>
#include <charconv>
#include <limits>

#include "base/number.h"

namespace millrace {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// The longer names first: "ms" ends in "s".
constexpr std::array<Unit, 5> kTimes = {
    {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3'600}}};
constexpr std::array<Unit, 3> kRates = {{{"/s", 1}, {"/m", 1.0 / 60}, {"/h", 1.0 / 3'600}}};

constexpr double kYear = 366.0 * 86'400;

// A number with one of the units, or with none.
template <typename Units>
std::optional<double> with_unit(std::string_view text, const Units& units) {
  double factor = 1;
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    text.remove_suffix(unit.name.size());
    factor = unit.factor;
    break;
  }
  const auto number = decimal(text);
  if (!number) return std::nullopt;
  return *number * factor;
}

}  // namespace

std::optional<double> decimal(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) {
    return std::nullopt;
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<Duration> duration(std::string_view text) {
  const auto seconds = with_unit(text, kTimes);
  if (!seconds || *seconds > kYear) return std::nullopt;
  return std::chrono::round<Duration>(std::chrono::duration<double>(*seconds));
}

std::optional<std::uint64_t> byte_size(std::string_view text) {
  constexpr std::string_view kUnits = "kKmMgG";
  unsigned shift = 0;
  if (const std::size_t unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
      unit != std::string_view::npos) {
    shift = 10 * (static_cast<unsigned>(unit) / 2 + 1);
    text.remove_suffix(1);
  }
  const auto number = whole_number(text, 0, std::numeric_limits<std::uint64_t>::max() >> shift);
  if (!number) return std::nullopt;
  return *number << shift;
}

std::optional<double> share(std::string_view text) {
  const double whole = text.ends_with('%') ? 100 : 1;
  if (whole == 100) text.remove_suffix(1);
  const auto number = decimal(text);
  if (!number || *number > whole) return std::nullopt;
  return *number / whole;
}

std::optional<double> per_second(std::string_view text) { return with_unit(text, kRates); }

}  // namespace millrace
