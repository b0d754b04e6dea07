#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/distribution.h"
#include "base/roll.h"
#include "base/time.h"

namespace millrace::sink::rules {

// -W with odds: a further step for each roll of a hundred-sided die (0-99) below `odds`.
struct Multiple {
  Duration step{0};
  int odds = 0;
  bool operator==(const Multiple&) const = default;
};
// What a group of the pattern that matched says: "delay = '{1}'".
struct OfGroup {
  std::size_t group = 0;
  bool operator==(const OfGroup&) const = default;
};
// How long something waits: always the same or a draw from a distribution, in ticks of Duration;
// or by what else decides.
using Delay = std::variant<Distribution, Multiple, OfGroup>;

constexpr double ticks(Duration duration) { return static_cast<double>(duration.count()); }

// Always the same.
inline Delay fixed(Duration length) { return Constant{ticks(length)}; }

// Nothing that is drawn, and nothing that a client asks for, is longer. A fixed length may be: a
// year, as base/quantity.h reads them.
inline constexpr std::chrono::hours kLongestDelay{1};
inline constexpr std::chrono::hours kLongestFixedDelay{366 * 24};

// "1s", "1s-5s", "exponential 2s", "lognormal 800ms 2.0", "pareto 100ms 1.5" or "{1}"; nothing when
// it is none of them.
std::optional<Delay> parse_delay(std::string_view text);

// A length of it, never a negative one. `groups` are what the pattern of a match found; a group
// that is no duration (base/quantity.h) waits for nothing.
Duration draw(const Delay& delay, Roll roll, std::span<const std::string_view> groups);

}  // namespace millrace::sink::rules
