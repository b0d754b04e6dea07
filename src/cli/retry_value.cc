#include "cli/retry_value.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/number.h"
#include "base/quantity.h"
#include "cli/command_line.h"
#include "cli/text_values.h"

namespace millrace::cli {
namespace {

using source::RetryPolicy;

// Nobody waits for less, and what never waits would leave no time for anything else.
constexpr std::chrono::milliseconds kLeastWait{1};
constexpr double kMostFactor = 1'000;
constexpr std::uint64_t kMostRetries = 1'000'000;

// What holds where nothing else was said.
constexpr double kFactor = 2;
constexpr std::chrono::minutes kMost{10};
constexpr std::chrono::hours kGiveUp{1};

constexpr std::string_view kForm =
    "expected first TIME, factor NUMBER, most TIME, give up TIME, or 5x1s";

// The parts of the long form, as they were given.
struct Parts {
  std::optional<Duration> first;
  std::optional<double> factor;
  std::optional<Duration> most;
  std::optional<Duration> give_up;
};

std::optional<Duration> wait(std::string_view text) {
  const auto time = duration(text);
  return time && *time >= kLeastWait ? time : std::nullopt;
}

std::optional<double> factor(std::string_view text) {
  const auto number = decimal(text);
  return number && *number >= 1 && *number <= kMostFactor ? number : std::nullopt;
}

// Sets what was not set before; false where it was, or there is nothing to set.
template <typename Value>
bool set(std::optional<Value>& place, const std::optional<Value>& value) {
  if (place || !value) return false;
  place = value;
  return true;
}

// "first 30s": the value is behind the last space.
bool take_part(std::string_view text, Parts& parts) {
  const std::size_t space = text.find_last_of(" \t");
  if (space == std::string_view::npos) return false;
  const std::string_view value = text.substr(space + 1);
  const std::string_view name = text.substr(0, text.find_last_not_of(" \t", space) + 1);
  if (name == "first") return set(parts.first, wait(value));
  if (name == "factor") return set(parts.factor, factor(value));
  if (name == "most") return set(parts.most, wait(value));
  if (name == "give up") return set(parts.give_up, wait(value));
  return false;
}

// "5x1s"; nothing when it is no such text.
std::optional<RetryPolicy> short_form(std::string_view text) {
  const std::size_t cross = text.find('x');
  if (cross == std::string_view::npos) return std::nullopt;
  const auto retries = whole_number(text.substr(0, cross), 1, kMostRetries);
  const auto first = wait(text.substr(cross + 1));
  if (!retries || !first) return std::nullopt;
  return RetryPolicy{.first = *first, .retries = static_cast<std::uint32_t>(*retries)};
}

}  // namespace

RetryPolicy retry_policy(const std::string& text, std::string_view names) {
  if (const auto policy = short_form(text)) return *policy;
  Parts parts;
  for (const std::string& part : list_items(text, names)) {
    if (!take_part(part, parts)) reject("retries", part, names, kForm);
  }
  if (!parts.first) reject("retries", text, names, "expected when the first is: first TIME");
  const Duration first = *parts.first;
  if (parts.most.value_or(first) < first) {
    reject("retries", text, names, "the longest wait is shorter than the first");
  }
  const Duration give_up = parts.give_up.value_or(std::max<Duration>(kGiveUp, first));
  if (give_up < first) {
    reject("retries", text, names, "it would be given up before the first one");
  }
  return {.first = first,
          .factor = parts.factor.value_or(kFactor),
          .most = parts.most.value_or(std::max<Duration>(kMost, first)),
          .give_up = give_up};
}

}  // namespace millrace::cli
