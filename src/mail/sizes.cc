#include "mail/sizes.h"

#include <fmt/format.h>

#include <string_view>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "base/quantity.h"

namespace millrace::mail {
namespace {

[[noreturn]] void fail(const Csv& csv, std::size_t line, std::string_view what) {
  throw Fatal(fmt::format("{}:{}: {}", csv.name(), line, what));
}

std::size_t column(const Csv& csv, std::string_view name) {
  if (const auto found = csv.column(name)) return *found;
  fail(csv, 1, fmt::format("no column '{}' (expected size and count)", name));
}

}  // namespace

std::optional<Sizes> Sizes::of(std::vector<Distribution> distributions,
                               std::span<const double> weights, std::string& why) {
  auto choice = Weights::make(weights, why);
  if (!choice) return std::nullopt;
  return Sizes(std::move(distributions), std::move(*choice));
}

Sizes Sizes::of(const Distribution& distribution) {
  std::string never;
  return {{distribution}, *Weights::make(std::vector<double>{1}, never)};
}

Sizes Sizes::of(const Csv& histogram) {
  const std::size_t sizes = column(histogram, "size");
  const std::size_t counts = column(histogram, "count");
  std::vector<Distribution> distributions;
  std::vector<double> weights;
  for (std::size_t row = 0; row < histogram.rows(); ++row) {
    const std::string_view written = histogram.field(row, sizes);
    const auto size = byte_size(written);
    if (!size || *size > kLargest) {
      fail(histogram, histogram.line(row),
           fmt::format("bad size: '{}' (expected bytes, at most 1G)", beginning(written)));
    }
    const std::string_view counted = histogram.field(row, counts);
    const auto count = decimal(counted);
    if (!count || !weight_mistake(*count).empty()) {
      fail(histogram, histogram.line(row),
           fmt::format("bad count: '{}' (expected a number up to {})", beginning(counted),
                       Weights::kLargestWeight));
    }
    distributions.emplace_back(Constant{static_cast<double>(*size)});
    weights.push_back(*count);
  }
  std::string why;
  auto made = of(std::move(distributions), weights, why);
  if (!made) throw Fatal(fmt::format("{}: {}", histogram.name(), why));
  return std::move(*made);
}

}  // namespace millrace::mail
