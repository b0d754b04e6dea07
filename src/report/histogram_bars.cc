#include "report/histogram_bars.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::report {
namespace {

constexpr std::size_t kBars = 12;           // lines, at most
constexpr std::size_t kShareBarWidth = 32;  // columns

// Powers of ten times `steps`, from the first above `least` to the first above `most`.
std::vector<double> power_bounds(double least, double most, const std::vector<double>& steps) {
  std::vector<double> bounds;
  for (double power = std::pow(10, std::floor(std::log10(least)));; power *= 10) {
    for (const double step : steps) {
      const double bound = power * step;
      if (bound > least) bounds.push_back(bound);
      if (bound > most) return bounds;
    }
  }
}

// The same for even steps: a power of ten, or two or five times one.
std::vector<double> even_bounds(double least, double most) {
  const double about = std::max(1.0, (most - least) / (kBars - 2));
  const std::vector<double> steps = power_bounds(about / 1.001, about, {1, 2, 5});
  const double step = std::max(1.0, steps.front());
  std::vector<double> bounds = {(std::floor(least / step) + 1) * step};
  while (bounds.back() <= most) bounds.push_back(bounds.back() + step);
  return bounds;
}

// Round bounds, as many as there are bars at most: even steps for what lies close together, else
// steps about twice as wide each, or ten times.
std::vector<double> bar_bounds(double least, double most) {
  constexpr double kCloseTogether = 5;
  if (most < least * kCloseTogether) return even_bounds(least, most);
  std::vector<double> bounds = power_bounds(least, most, {1, 2, 5});
  return bounds.size() <= kBars ? bounds : power_bounds(least, most, {1});
}

}  // namespace

void write_bars(Writer& out, const metrics::Histogram& histogram) {
  if (histogram.empty()) return;
  const double least = std::max<double>(1, static_cast<double>(histogram.least()));
  const double most = std::max<double>(least, static_cast<double>(histogram.most()));
  const std::vector<double> bounds = bar_bounds(least, most);
  std::vector<std::uint64_t> counts(bounds.size());
  std::size_t bar = 0;
  for (std::size_t slot = 0, used = histogram.used_slots(); slot < used; ++slot) {
    const auto value = static_cast<double>(metrics::Histogram::lowest_of(slot));
    while (value >= bounds[bar]) ++bar;  // the last bound is above all
    counts[bar] += histogram.count_at(slot);
  }
  const auto largest = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  const auto all = static_cast<double>(histogram.count());
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto number = static_cast<double>(counts[i]);
    const std::string shown = number > 0 ? percent(number / all) : "";
    out.line("  below {:>8}  {:>8} {:>12}  {}", latency(bounds[i]), shown, count(counts[i]),
             out.style().bar(number / largest, kShareBarWidth));
  }
}

}  // namespace millrace::report
