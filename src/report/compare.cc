#include "report/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "report/compare_capacity.h"
#include "report/writer.h"

namespace millrace::report {
namespace {

std::string as_latency(double microseconds) { return latency(microseconds); }

// What is compared: of a run, or of one of its seconds. Latencies are in microseconds.
struct Sample {
  double rate;
  double failed;
  double mean;
  std::uint64_t p50;
  std::uint64_t p90;
  std::uint64_t p99;
  std::uint64_t p99_9;
};

struct Figure {
  const char* name;
  bool higher_is_better;
  std::string (*format)(double);
  double (*value)(const Sample& sample);
};

template <auto kMember>
double value(const Sample& sample) {
  return static_cast<double>(sample.*kMember);
}

// What became behind the server, where anybody looked. Of runs alone: seconds do not tell.
struct ArrivalFigure {
  const char* name;
  std::string (*format)(double);
  std::optional<double> (*value)(const metrics::EndToEnd& behind);
};

template <int kPercent>
std::optional<double> arrival_percentile(const metrics::EndToEnd& behind) {
  const auto value = behind.percentile(kPercent / 100.0);
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

std::string as_count(double number) { return count(static_cast<std::uint64_t>(number)); }

constexpr auto kArrivalFigures = std::to_array<ArrivalFigure>(
    {{"not arrived of all asked", percent,
      [](const auto& behind) { return std::optional(behind.missing_share()); }},
     {"e2e p50", as_latency, arrival_percentile<50>},
     {"e2e p99", as_latency, arrival_percentile<99>},
     {"backlog", as_count,
      [](const auto& behind) { return std::optional(static_cast<double>(behind.backlog)); }}});

constexpr std::array<Figure, 7> kFigures = {
    {{"rate", true, rate, value<&Sample::rate>},
     {"not delivered", false, percent, value<&Sample::failed>},
     {"latency mean", false, as_latency, value<&Sample::mean>},
     {"latency p50", false, as_latency, value<&Sample::p50>},
     {"latency p90", false, as_latency, value<&Sample::p90>},
     {"latency p99", false, as_latency, value<&Sample::p99>},
     {"latency p99.9", false, as_latency, value<&Sample::p99_9>}}};

using Values = std::array<std::vector<double>, kFigures.size()>;

void take(Values& values, const Sample& sample) {
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    values[i].push_back(kFigures[i].value(sample));
  }
}

Values of_runs(const std::vector<Run>& runs) {
  Values values;
  for (const Run& run : runs) {
    const metrics::Measurement& measured = run.measurement;
    const metrics::Histogram& intended = measured.total.intended;
    take(values, {.rate = measured.rate(),
                  .failed = measured.failed_share(),
                  .mean = intended.mean(),
                  .p50 = intended.percentile(0.5),
                  .p90 = intended.percentile(0.9),
                  .p99 = intended.percentile(0.99),
                  .p99_9 = intended.percentile(0.999)});
  }
  return values;
}

// The whole seconds that were measured.
Values of_seconds(const std::vector<Run>& runs) {
  Values values;
  for (const Run& run : runs) {
    const metrics::Measurement& measured = run.measurement;
    const double warmup = in_seconds(measured.elapsed - measured.measured);
    for (const metrics::Row& row : measured.series) {
      constexpr double kWhole = 0.999;
      if (row.length < kWhole || static_cast<double>(row.number) < warmup) continue;
      if (row.measured == 0) continue;
      const auto failed = static_cast<double>(row.counters.failed());
      const auto delivered = static_cast<double>(row.counters.delivered);
      take(values, {.rate = delivered / row.length,
                    .failed = failed / std::max(failed + delivered, 1.0),
                    .mean = row.mean,
                    .p50 = row.p50,
                    .p90 = row.p90,
                    .p99 = row.p99,
                    .p99_9 = row.p99_9});
    }
  }
  return values;
}

// What stands in the table is of the runs, whatever chance is told from.
Change change(const Figure& figure, const std::vector<double>& base,
              const std::vector<double>& next, const std::vector<double>& base_values,
              const std::vector<double>& next_values) {
  Change change{
      .figure = figure.name, .base = median(base), .next = median(next), .format = figure.format};
  tell_loss(change, figure.higher_is_better);
  tell_from_chance(change, base_values, next_values);
  return change;
}

// Of each run; nothing where one has none.
std::optional<std::vector<double>> values_of(const ArrivalFigure& figure,
                                             const std::vector<Run>& runs) {
  std::vector<double> values;
  for (const Run& run : runs) {
    if (!run.measurement.end_to_end) return std::nullopt;
    const auto value = figure.value(*run.measurement.end_to_end);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

// Told from chance where there are enough runs. What one of them has none of is left out.
void compare_arrivals(Comparison& comparison, const std::vector<Run>& base,
                      const std::vector<Run>& next) {
  for (const ArrivalFigure& figure : kArrivalFigures) {
    const auto before = values_of(figure, base);
    const auto after = values_of(figure, next);
    if (!before || !after) continue;
    Change change{.figure = figure.name,
                  .base = median(*before),
                  .next = median(*after),
                  .format = figure.format};
    tell_loss(change, false);
    tell_from_chance(change, *before, *after);
    comparison.changes.push_back(change);
  }
}

std::string signed_percent(double share) {
  if (std::isinf(share)) return "new";
  return fmt::format("{:+.1f}%", share * 100);
}

Styled word(const Change& change, Comparison::By by, const Style& style) {
  switch (change.meaning) {
    case Change::Meaning::noise:
      return {change.base == change.next ? "same" : "within noise"};
    case Change::Meaning::better:
      return style.green("better");
    case Change::Meaning::worse:
      return style.red("WORSE");
    case Change::Meaning::unclear:
      return {by == Comparison::By::searches ? "not known" : "too few to tell"};
  }
  return {};
}

}  // namespace

std::vector<const Change*> Comparison::regressions(double limit) const {
  std::vector<const Change*> found;
  for (const Change& change : changes) {
    const bool certain = change.meaning == Change::Meaning::worse;
    // Where chance cannot be told the limit alone counts: it is better to look once too often.
    const bool possible = change.meaning == Change::Meaning::unclear;
    if ((certain || possible) && change.loss > limit) found.push_back(&change);
  }
  return found;
}

Comparison compare(const std::vector<Run>& base, const std::vector<Run>& next) {
  using By = Comparison::By;
  for (const std::vector<Run>* const side : {&base, &next}) {
    for (const Run& run : *side) {
      if (run.kind != Run::Kind::source) throw Fatal("only runs of smtp-source can be compared");
    }
  }
  const Values base_runs = of_runs(base);
  const Values next_runs = of_runs(next);
  const bool enough_runs = std::min(base.size(), next.size()) >= kEnoughValues;
  if (const auto capacity = compare_capacities(base, next)) {
    return {.changes = {*capacity},
            .base_values = base.size(),
            .next_values = next.size(),
            .by = By::searches};
  }
  Comparison comparison{.by = enough_runs ? By::runs : By::seconds};
  const Values base_values = enough_runs ? base_runs : of_seconds(base);
  const Values next_values = enough_runs ? next_runs : of_seconds(next);
  comparison.base_values = base_values.front().size();
  comparison.next_values = next_values.front().size();
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    comparison.changes.push_back(
        change(kFigures[i], base_runs[i], next_runs[i], base_values[i], next_values[i]));
  }
  compare_arrivals(comparison, base, next);
  return comparison;
}

std::string describe(const Comparison& comparison, const Style& style) {
  Writer out(style);
  constexpr std::size_t kLeastWidth = 14;
  std::size_t width = kLeastWidth;
  for (const Change& one : comparison.changes) width = std::max(width, one.figure.size());
  out.line("{}", style.bold(fmt::format("{:<{}} {:>10} {:>10} {:>8}  {:<18} {:>6}", "", width,
                                        "base", "new", "change", "95% of medians", "p")));
  for (const Change& one : comparison.changes) {
    const double ratio = one.base > 0   ? one.next / one.base - 1
                         : one.next > 0 ? std::numeric_limits<double>::infinity()
                                        : 0;
    std::string interval;
    std::string probability;
    if (one.probability) {
      interval = fmt::format("{} .. {}", signed_percent(one.ratio.low - 1),
                             signed_percent(one.ratio.high - 1));
      probability = *one.probability < 0.001 ? "<0.001" : fmt::format("{:.3f}", *one.probability);
    }
    out.line("{:<{}} {:>10} {:>10} {:>8}  {:<18} {:>6}  {}", one.figure, width, one.shown(one.base),
             one.shown(one.next), signed_percent(ratio), interval, probability,
             word(one, comparison.by, style));
  }
  if (comparison.by == Comparison::By::searches) {
    if (comparison.changes.front().meaning == Change::Meaning::unclear) return out.take();
    const bool by_chance = comparison.changes.front().probability.has_value();
    out.line("\nTold from noise by what searches leave open{}: a smaller --resolution tells more.",
             by_chance ? fmt::format(", and from chance by {} and {} runs (Mann-Whitney)",
                                     comparison.base_values, comparison.next_values)
                       : "");
    return out.take();
  }
  out.line("\nTold from chance by {} and {} {} (Mann-Whitney).", comparison.base_values,
           comparison.next_values,
           comparison.by == Comparison::By::runs
               ? "runs"
               : "seconds; repeated runs, three or more a side, tell more");
  return out.take();
}

}  // namespace millrace::report
