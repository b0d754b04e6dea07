#include "report/held_up.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/quantity.h"
#include "report/text.h"

namespace millrace::report {
namespace {

// What is late by less adds little to what misses the bound.
constexpr int kPartOfBound = 10;
constexpr std::chrono::microseconds kLeast{1'000};

struct HeldUp {
  std::uint64_t messages = 0;
  std::chrono::microseconds longer_than{};
};

HeldUp late_starts(const metrics::Generator& generator, std::chrono::microseconds bound) {
  const std::chrono::microseconds late = std::max(kLeast, bound / kPartOfBound);
  return {.messages = generator.start_lag.count_above(late), .longer_than = late};
}

HeldUp under_way(const metrics::Generator& generator, std::chrono::microseconds bound) {
  return {.messages = generator.held_up.count_above(bound), .longer_than = bound};
}

}  // namespace

std::string held_up_by_generator(const Threshold& term, const metrics::Measurement& measurement) {
  const auto bound = term.latency_bound();
  if (!bound) return {};
  const metrics::Generator& generator = measurement.generator;
  const bool open = measurement.open_loop;
  // What is begun late is no slower from then on.
  if (open && !term.from_due()) return {};
  const HeldUp held_up = open ? late_starts(generator, *bound) : under_way(generator, *bound);
  if (held_up.messages == 0 || !term.holds_without(measurement, held_up.messages)) return {};
  return fmt::format(
      "{} would have held without {} message{} that it {} more than {}{}", term.text(),
      count(held_up.messages), plural(held_up.messages), open ? "began" : "may have held up for",
      latency(static_cast<double>(held_up.longer_than.count())), open ? " late" : "");
}

}  // namespace millrace::report
