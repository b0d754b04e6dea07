#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace millrace {

// Quantities as people write them; nothing when `text` is no such quantity, or a negative one.

// A decimal number with or without a fraction: "250", "0.1".
std::optional<double> decimal(std::string_view text);

// A time: a decimal number of seconds, or of what follows it: us, ms, s, m or h. At most a year.
std::optional<Duration> duration(std::string_view text);

// A rate: a decimal number a second, or with /s, /m or /h; given a second.
std::optional<double> per_second(std::string_view text);

// A number of bytes: whole, and K, M or G (of 1024) may follow it, in any case.
std::optional<std::uint64_t> byte_size(std::string_view text);

// A share of something, 0 to 1: a decimal number, or one of hundred with "%".
std::optional<double> share(std::string_view text);

// What follows a word when it tells of so many: "{} message{}".
constexpr std::string_view plural(std::uint64_t number) { return number == 1 ? "" : "s"; }

// A duration as a number of seconds, to calculate with or to write.
inline double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace millrace
