#include "report/threshold.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "report/text.h"

namespace millrace::report {
namespace {

constexpr std::string_view kForm =
    " (--threshold: expected a figure, one of < <= > >=, and a bound, as p99<250ms, "
    "errors<0.1%, rate>=1000/s, connect.p50<5ms, e2e.p99<5s or backlog<1000)";

// The clock from when messages are due to their arrival at a sink.
constexpr std::string_view kEndToEnd = "e2e";

[[noreturn]] void reject(const std::string& text) {
  throw Fatal("bad threshold: " + beginning(text).append(kForm));
}

std::optional<metrics::LatencyPhase> find_phase(std::string_view name) {
  const auto& names = metrics::kPhaseNames;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<metrics::LatencyPhase>(found - names.begin());
}

bool is_clock(std::string_view name) {
  return name == "intended" || name == "service" || name == kEndToEnd || find_phase(name);
}

}  // namespace

const metrics::Histogram* find_histogram(const metrics::Metrics& metrics, std::string_view name) {
  if (name == "intended") return &metrics.intended;
  if (name == "service") return &metrics.service;
  const auto phase = find_phase(name);
  return phase ? &metrics[*phase] : nullptr;
}

Threshold::Threshold(std::string text) : text_(std::move(text)) {
  std::string plain = text_;
  std::erase(plain, ' ');
  const std::size_t sign = plain.find_first_of("<>");
  if (sign == std::string::npos || sign == 0) reject(text_);
  above_ = plain[sign] == '>';
  parse_figure(std::string_view(plain).substr(0, sign));
  std::string_view bound = std::string_view(plain).substr(sign + 1);
  equal_ = bound.starts_with('=');
  if (equal_) bound.remove_prefix(1);
  parse_bound(bound);
}

void Threshold::parse_figure(std::string_view name) {
  if (name == "rate") figure_ = Figure::rate;
  if (name == "errors") figure_ = Figure::errors;
  if (name == "messages") figure_ = Figure::messages;
  if (name == "backlog") figure_ = Figure::backlog;
  if (figure_ != Figure::latency) return;
  // "p99.9" has a dot as well.
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos && is_clock(name.substr(0, dot))) {
    clock_ = name.substr(0, dot);
    name.remove_prefix(dot + 1);
  }
  if (name == "mean") {
    statistic_ = Statistic::mean;
  } else if (name == "min") {
    statistic_ = Statistic::least;
  } else if (name == "max") {
    percentile_ = 1;
  } else {
    const auto number = name.starts_with('p') ? decimal(name.substr(1)) : std::nullopt;
    if (!number || *number > 100) reject(text_);
    percentile_ = *number / 100;
  }
}

void Threshold::parse_bound(std::string_view bound) {
  std::optional<double> value;
  switch (figure_) {
    case Figure::rate:
      value = per_second(bound);
      break;
    case Figure::errors:
      value = share(bound);
      break;
    case Figure::messages:
    case Figure::backlog:
      value = decimal(bound);
      break;
    case Figure::latency:
      if (const auto time = duration(bound)) {
        value = std::chrono::duration<double, std::micro>(*time).count();
      }
      break;
  }
  if (!value) reject(text_);
  bound_ = *value;
}

bool Threshold::end_to_end() const {
  return figure_ == Figure::backlog || (figure_ == Figure::latency && clock_ == kEndToEnd);
}

std::optional<std::chrono::microseconds> Threshold::arrival_bound() const {
  if (figure_ != Figure::latency || clock_ != kEndToEnd || above_) return std::nullopt;
  return std::chrono::microseconds(std::llround(bound_));
}

double Threshold::value_in(const metrics::Measurement& measurement) const {
  switch (figure_) {
    case Figure::rate:
      return measurement.rate();
    case Figure::errors:
      return measurement.failed_share();
    case Figure::messages:
      return static_cast<double>(measurement.total.counters.delivered);
    case Figure::backlog:
      return static_cast<double>(measurement.end_to_end->backlog);
    case Figure::latency:
      break;
  }
  const metrics::Histogram& histogram = *find_histogram(measurement.total, clock_);
  switch (statistic_) {
    case Statistic::least:
      return static_cast<double>(histogram.least());
    case Statistic::mean:
      return histogram.mean();
    case Statistic::percentile:
      break;
  }
  return static_cast<double>(histogram.percentile(percentile_));
}

// The share of messages that the statistic does not look at. The mean stands for the half of them.
double Threshold::left_out() const {
  switch (statistic_) {
    case Statistic::least:
      return 1;
    case Statistic::mean:
      return 0.5;
    case Statistic::percentile:
      break;
  }
  return 1 - percentile_;
}

std::uint64_t Threshold::messages_needed() const {
  constexpr double kRounding = 1e-6;
  double share = 1;
  if (figure_ == Figure::errors) share = bound_;
  if (figure_ == Figure::latency && statistic_ == Statistic::percentile) share = left_out();
  if (share <= 0 || share >= 1) return 1;  // the maximum, no errors at all
  // One message of so many is just the share, which "errors<" does not allow.
  if (figure_ == Figure::errors && !equal_) {
    return static_cast<std::uint64_t>(std::floor(1 / share + kRounding)) + 1;
  }
  return static_cast<std::uint64_t>(std::ceil(1 / share - kRounding));
}

// Nothing was measured: nothing was reached.
bool Threshold::measured_in(const metrics::Measurement& measurement) const {
  const metrics::Counters& counters = measurement.total.counters;
  switch (figure_) {
    case Figure::errors:
      return counters.delivered + counters.failed() > 0;
    case Figure::latency:
      return !find_histogram(measurement.total, clock_)->empty();
    default:
      return true;
  }
}

// The share of messages that failed and so are not in the histogram. A phase knows what was refused
// as well as what was taken, but not what was never answered.
double Threshold::unmeasured_in(const metrics::Measurement& measurement) const {
  const metrics::Counters& counters = measurement.total.counters;
  const bool phase = find_phase(clock_).has_value();
  const std::uint64_t all = counters.delivered + counters.failed();
  const std::uint64_t failed = counters.failed() - (phase ? counters.refused : 0);
  return static_cast<double>(failed) / static_cast<double>(std::max<std::uint64_t>(all, 1));
}

std::string Threshold::value_text(double value) const {
  switch (figure_) {
    case Figure::rate:
      return rate(value);
    case Figure::errors:
      return percent(value);
    case Figure::messages:
    case Figure::backlog:
      return count(static_cast<std::uint64_t>(value));
    case Figure::latency:
      break;
  }
  return latency(value);
}

Verdict Threshold::held_against(double value) const {
  return {.threshold = text_,
          .value = value_text(value),
          .passed = (equal_ && value == bound_) || (above_ ? value > bound_ : value < bound_)};
}

// Of all copies; nothing where what did not arrive would have to be known.
std::optional<double> Threshold::arrival_in(const metrics::EndToEnd& behind) const {
  switch (statistic_) {
    case Statistic::least:
      if (behind.arrived == 0) return std::nullopt;
      return static_cast<double>(behind.latency.least());
    case Statistic::mean:
      if (behind.arrived == 0 || behind.arrived < behind.asked) return std::nullopt;
      return behind.latency.mean();
    case Statistic::percentile:
      break;
  }
  const auto value = behind.percentile(percentile_);
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

Verdict Threshold::of_arrivals(const metrics::Measurement& measurement) const {
  if (!measurement.end_to_end) return {.threshold = text_, .value = "not known"};
  const metrics::EndToEnd& behind = *measurement.end_to_end;
  if (figure_ == Figure::backlog) {
    // Of nothing that was accepted there is none, which says nothing.
    if (measurement.total.counters.delivered > 0) return held_against(value_in(measurement));
    return {.threshold = text_, .value = "nothing measured"};
  }
  if (behind.asked == 0) return {.threshold = text_, .value = "nothing measured"};
  if (const auto value = arrival_in(behind)) return held_against(*value);
  return {.threshold = text_, .value = percent(behind.missing_share()) + " did not arrive"};
}

Verdict Threshold::judge(const metrics::Measurement& measurement) const {
  if (end_to_end()) return of_arrivals(measurement);
  if (!measured_in(measurement)) return {.threshold = text_, .value = "nothing measured"};
  constexpr double kRounding = 1e-9;
  const double failed = figure_ == Figure::latency ? unmeasured_in(measurement) : 0;
  if (failed > left_out() + kRounding) {
    return {.threshold = text_, .value = percent(failed) + " failed"};
  }
  return held_against(value_in(measurement));
}

}  // namespace millrace::report
