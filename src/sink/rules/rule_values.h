#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sink/rules/rule.h"

// The values of conditions and actions as rules have them; nothing when `text` is none.
namespace millrace::sink::rules {

// ">1M", ">=1M", "<10K", "<=10K", "10K-1M" or "5000".
std::optional<SizeRange> parse_size_range(std::string_view text);

// "20/1m", of whom it is counted left open: a count, and a time above 0.
std::optional<Over> parse_over(std::string_view text);

// "60s-90s", or "60s-" without an end.
std::optional<During> parse_during(std::string_view text);

// "10K/s" or "10K": bytes a second, at least one.
std::optional<std::uint64_t> parse_throttle(std::string_view text);

// Bytes in which \xHH stands for one and \\ for a backslash; any other backslash is a slip.
std::optional<std::string> parse_raw(std::string_view text);

}  // namespace millrace::sink::rules
