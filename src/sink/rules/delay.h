#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "base/roll.h"

namespace millrace::sink::rules {

// How long something waits: always the same, or a draw from a distribution.
struct Fixed {
  Duration length{0};
};
struct Uniform {
  Duration least{0};
  Duration most{0};
};
struct Exponential {
  Duration mean{0};
};
struct Lognormal {
  Duration median{0};
  double sigma = 0;  // of the logarithm
};
// -W with odds: a further step for each roll of a hundred-sided die (0-99) below `odds`.
struct Multiple {
  Duration step{0};
  int odds = 0;
};
// What a group of the pattern that matched says: "delay = '{1}'".
struct OfGroup {
  std::size_t group = 0;
};
using Delay = std::variant<Fixed, Uniform, Exponential, Lognormal, Multiple, OfGroup>;

// Nothing that is drawn, and nothing that a client asks for, is longer. A fixed length may be.
inline constexpr std::chrono::hours kLongestDelay{1};

// "1s", "1s-5s", "exponential 2s", "lognormal 800ms 2.0" or "{1}"; nothing when it is none of them.
std::optional<Delay> parse_delay(std::string_view text);

// A length of it, never a negative one. `groups` are what the pattern of a match found; a group
// that is no duration (base/quantity.h) waits for nothing.
Duration draw(const Delay& delay, Roll roll, std::span<const std::string_view> groups);

}  // namespace millrace::sink::rules
