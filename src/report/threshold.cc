#include "report/threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "metrics/percentile_of_all.h"
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

// The messages for which MAIL was refused for good: with retries a 4yz is not, and by 421 the
// connection ends.
std::uint64_t refused_at_mail(const metrics::Metrics& metrics) {
  std::uint64_t count = 0;
  for (const auto& reply : metrics.replies.of(smtp::index(smtp::Verb::mail))) {
    const bool for_now =
        reply.code / 100 == 4 && (reply.code == 421 || metrics.counters.retries > 0);
    if (reply.code / 100 != 2 && !for_now) count += reply.times;
  }
  return count;
}

// How many of the messages that were refused a phase knows as well as those that were delivered.
std::uint64_t refused_within(const metrics::Metrics& metrics, metrics::LatencyPhase phase) {
  const std::uint64_t refused = metrics.counters.refused;
  const std::uint64_t known = metrics[phase].count();
  switch (phase) {
    case metrics::LatencyPhase::rcpt:
      return refused - std::min(refused, refused_at_mail(metrics));
    case metrics::LatencyPhase::data:
    case metrics::LatencyPhase::content:
      return std::min(refused, known - std::min(known, metrics.counters.delivered));
    case metrics::LatencyPhase::transaction:
      return 0;
    default:
      return refused;
  }
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

bool Threshold::from_due() const {
  return figure_ == Figure::latency && (clock_ == "intended" || clock_ == kEndToEnd);
}

bool Threshold::end_to_end() const {
  return figure_ == Figure::backlog || (figure_ == Figure::latency && clock_ == kEndToEnd);
}

std::optional<std::chrono::microseconds> Threshold::arrival_bound() const {
  if (figure_ != Figure::latency || clock_ != kEndToEnd || above_) return std::nullopt;
  return std::chrono::microseconds(std::llround(bound_));
}

std::optional<std::chrono::microseconds> Threshold::latency_bound() const {
  if (figure_ != Figure::latency || statistic_ != Statistic::percentile || above_) {
    return std::nullopt;
  }
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
  return 0;
}

std::uint64_t Threshold::messages_needed() const {
  constexpr double kRounding = 1e-6;
  double share = 1;
  if (figure_ == Figure::errors) share = bound_;
  if (figure_ == Figure::latency && statistic_ == Statistic::percentile) share = 1 - percentile_;
  if (share <= 0 || share >= 1) return 1;  // the maximum, no errors at all
  // One message of so many is just the share, which "errors<" does not allow.
  if (figure_ == Figure::errors && !equal_) {
    return static_cast<std::uint64_t>(std::floor(1 / share + kRounding)) + 1;
  }
  return static_cast<std::uint64_t>(std::ceil(1 / share - kRounding));
}

// Nothing was measured: nothing was reached. Of nothing that was accepted there is no backlog,
// which says nothing.
bool Threshold::measured_in(const metrics::Measurement& measurement) const {
  const metrics::Counters& counters = measurement.total.counters;
  switch (figure_) {
    case Figure::errors:
      return counters.delivered + counters.failed() > 0;
    case Figure::backlog:
      return counters.delivered > 0;
    case Figure::latency:
      if (clock_ == kEndToEnd) return measurement.end_to_end->asked > 0;
      return !find_histogram(measurement.total, clock_)->empty();
    default:
      return true;
  }
}

Threshold::Latencies Threshold::latencies_in(const metrics::Measurement& measurement) const {
  if (clock_ == kEndToEnd) {
    const metrics::EndToEnd& behind = *measurement.end_to_end;
    return {.histogram = behind.latency,
            .there = behind.arrived,
            .all = behind.asked,
            .others = "was not accepted or did not arrive"};
  }
  const metrics::Counters& counters = measurement.total.counters;
  const auto phase = find_phase(clock_);
  const std::uint64_t answered = phase ? refused_within(measurement.total, *phase) : 0;
  return {.histogram = *find_histogram(measurement.total, clock_),
          .there = counters.delivered + answered,
          .all = counters.delivered + counters.failed(),
          .others = "failed"};
}

// Of all; nothing where one that has none would have to be known.
std::optional<double> Threshold::statistic_of(const Latencies& latencies) const {
  const metrics::Histogram& histogram = latencies.histogram;
  if (histogram.empty()) return std::nullopt;
  switch (statistic_) {
    case Statistic::least:
      return static_cast<double>(histogram.least());
    case Statistic::mean:
      if (latencies.there < latencies.all) return std::nullopt;
      return histogram.mean();
    case Statistic::percentile:
      break;
  }
  const auto value =
      metrics::percentile_of_all(histogram, percentile_, latencies.there, latencies.all);
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

bool Threshold::holds_without(const metrics::Measurement& measurement,
                              std::uint64_t slowest) const {
  if (end_to_end() && !measurement.end_to_end) return false;
  if (!latency_bound() || !measured_in(measurement)) return false;
  const Latencies latencies = latencies_in(measurement);
  const metrics::Counters& counters = measurement.total.counters;
  const std::uint64_t messages = counters.delivered + counters.failed();
  if (messages == 0) return false;
  const auto all = static_cast<double>(latencies.all);
  const auto there = static_cast<double>(latencies.there);
  // To the arrival there are several for a message.
  const double copies = all / static_cast<double>(messages);
  const double without = std::min(std::ceil(static_cast<double>(slowest) * copies), there);
  if (without == all) return false;
  constexpr double kRounding = 1e-6;
  const double rank = percentile_ * (all - without);
  if (std::ceil(rank - kRounding) > there - without) return false;
  const auto value =
      metrics::percentile_of_all(latencies.histogram, rank / all, latencies.there, latencies.all);
  return value && held_against(static_cast<double>(*value)).passed;
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

// What others are told beside it is of those that have a latency alone, so it says what it is of.
Verdict Threshold::of_latencies(const metrics::Measurement& measurement) const {
  const Latencies latencies = latencies_in(measurement);
  const double missing = 1 - static_cast<double>(latencies.there) /
                                 static_cast<double>(std::max(latencies.all, latencies.there));
  const std::string others = fmt::format("{} {}", percent(missing), latencies.others);
  const auto value = statistic_of(latencies);
  if (!value) return {.threshold = text_, .value = others};
  Verdict verdict = held_against(*value);
  if (latencies.there < latencies.all && statistic_ == Statistic::percentile) {
    verdict.value += fmt::format(" of all ({})", others);
  }
  return verdict;
}

Verdict Threshold::judge(const metrics::Measurement& measurement) const {
  if (end_to_end() && !measurement.end_to_end) return {.threshold = text_, .value = "not known"};
  if (!measured_in(measurement)) return {.threshold = text_, .value = "nothing measured"};
  return figure_ == Figure::latency ? of_latencies(measurement)
                                    : held_against(value_in(measurement));
}

}  // namespace millrace::report
