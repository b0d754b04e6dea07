#include "cli/source_capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "cli/command_line.h"
#include "cli/source_arguments.h"
#include "cli/source_command_line.h"
#include "cli/source_load.h"
#include "cli/text_values.h"
#include "report/capacity_summary.h"
#include "report/held_up.h"
#include "report/text.h"

namespace millrace::cli {
namespace {

using source::LevelOf;

constexpr LevelRange kRates{.low = 10, .high = 100'000};
constexpr LevelRange kSessions{.low = 1, .high = 1'000};
constexpr std::chrono::seconds kProbe{10};
constexpr std::chrono::seconds kConfirm{60};
constexpr std::chrono::seconds kSettle{1};
constexpr int kWarmUpParts = 5;  // of a probe, which lasts so much longer for its warm-up
constexpr double kResolution = 0.05;

// Levels are of three digits.
constexpr double kFinest = 0.01;

// In less nothing is measured of which much could be said.
constexpr std::chrono::milliseconds kShortestProbe{100};

std::vector<report::Threshold> objective(const std::string& text, std::string_view names) {
  std::vector<report::Threshold> terms;
  for (const std::string& term : list_items(text, names)) terms.emplace_back(term);
  return terms;
}

// "100-50000/s": the unit is that of both. Nothing when it is no range.
template <typename Read>
std::optional<LevelRange> range(std::string_view text, std::string_view unit, Read read) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto low = read(std::string(text.substr(0, dash)).append(unit));
  const auto high = read(std::string(text.substr(dash + 1)));
  if (!low || !high || *low <= 0 || *high < *low) return std::nullopt;
  return LevelRange{.low = *low, .high = *high};
}

LevelRange rate_range(const std::string& text, std::string_view names) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto found = range(text, std::string_view(text).substr(slash), per_second);
  if (!found || found->high > kHighestRate) {
    reject("range", text, names, "expected two rates, the lower one first, as 100-50000/s");
  }
  return *found;
}

LevelRange session_range(const std::string& text, std::string_view names) {
  const auto found = range(text, "", decimal);
  const auto whole = [](double level) { return level == std::floor(level); };
  if (!found || !whole(found->low) || !whole(found->high) || found->high > kMostSessions) {
    reject("range", text, names, "expected two numbers, the lower one first, as 1-500");
  }
  return *found;
}

double resolution(const std::string& text, std::string_view names) {
  const bool sign = text.ends_with('%');
  const auto value = decimal(std::string_view(text).substr(0, text.size() - (sign ? 1 : 0)));
  if (!value || *value < kFinest * 100 || *value > 100) {
    reject("resolution", text, names, "expected a share from 1% to 100%, as 5%");
  }
  return *value / 100;
}

// A time as it is given, in so many seconds at least.
std::string seconds_text(double seconds) { return fmt::format("{:.0f}s", std::ceil(seconds)); }

// The term that needs the most messages.
const report::Threshold& finest(const std::vector<report::Threshold>& objective) {
  return *std::max_element(objective.begin(), objective.end(),
                           [](const report::Threshold& one, const report::Threshold& other) {
                             return one.messages_needed() < other.messages_needed();
                           });
}

// Where a rate is looked for unless that is said: from one on at which there are enough messages.
LevelRange rates_for(const std::vector<report::Threshold>& objective, Duration shortest) {
  const auto needed = static_cast<double>(finest(objective).messages_needed());
  const double low = std::ceil(needed / in_seconds(shortest));
  return {.low = std::clamp(low, kRates.low, kRates.high), .high = kRates.high};
}

// Where a number of sessions is looked for: each rank has one at least.
LevelRange sessions_for(const SourceArguments& given) {
  const double ranks = given.rank ? given.rank->of : 1;
  const LevelRange range = given.session_range.value_or(
      LevelRange{.low = std::max(kSessions.low, ranks), .high = std::max(kSessions.high, ranks)});
  if (range.low >= ranks) return range;
  throw Fatal(
      fmt::format("{} for {} ranks are too few, each needs one: use a --session-range from {} on",
                  report::level_text(report::Capacity::Of::sessions, range.low), ranks, ranks));
}

// Of too few messages a figure is the largest of them, or one error decides. How many messages
// sessions in closed loop will send nobody knows beforehand.
void check_messages(const CapacityOrder& order) {
  const source::CapacityTask& task = order.task;
  if (task.of == LevelOf::sessions) return;
  const report::Threshold& term = finest(order.objective);
  const std::uint64_t needed = term.messages_needed();
  const auto there = [&](Duration length) {
    return static_cast<std::uint64_t>(std::llround(task.range.low * in_seconds(length)));
  };
  const Duration shortest = std::min(task.probe, task.confirm);
  if (needed <= there(shortest)) return;
  const auto least = static_cast<double>(needed);
  std::string longer;
  for (const auto& [option, length] :
       {std::pair("--probe", task.probe), std::pair("--confirm", task.confirm)}) {
    if (needed <= there(length)) continue;
    longer += fmt::format("{}{} {}", longer.empty() ? "" : " and ", option,
                          seconds_text(least / task.range.low));
  }
  throw Fatal(fmt::format(
      "{} says something of {} messages or more, and a {} of {:.4g} s at {}, the lowest rate, has "
      "{}: use {}, or a --rate-range from {:.0f}/s on",
      term.text(), needed, task.probe <= task.confirm ? "probe" : "confirmation",
      in_seconds(shortest), report::level_text(report::Capacity::Of::rate, task.range.low),
      there(shortest), longer, std::ceil(least / in_seconds(shortest))));
}

std::string terms_of(const CapacityOrder& order) {
  std::string text;
  for (const report::Threshold& term : order.objective) {
    text += (text.empty() ? "" : ", ") + term.text();
  }
  return text;
}

}  // namespace

void add_capacity_options(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Capacity (errors are counted, and end nothing)");
  group.value("--find-rate", "TERMS",
              "the highest rate at which all of these\nhold, as 'p99<250ms, errors<0.1%'",
              given.find_rate, objective);
  group.value("--rate-range", "FROM-TO",
              "where it is looked for (10-100000/s, or\nfrom the rate on that the terms need)",
              given.rate_range, rate_range);
  group.value("--find-sessions", "TERMS", "the same of sessions, in closed loop",
              given.find_sessions, objective);
  group.value("--session-range", "FROM-TO", "where they are looked for (1-1000)",
              given.session_range, session_range);
  group.value("--probe", "TIME", "measure each level for so long (10)", given.probe,
              time_value("time of a probe", kShortestProbe));
  group.value("--confirm", "TIME", "and the one that is found for so long (60)", given.confirm,
              time_value("time of a confirmation", kShortestProbe));
  group.value("--resolution", "PERCENT", "find it as exactly as this (5%)", given.resolution,
              resolution);
  group.value("--settle", "TIME",
              "leave the server alone between probes (1);\nwith --sink-journal, at most, for what "
              "has\nnot arrived (60)",
              given.settle, time_value("time to settle", Duration(0)));
}

std::optional<CapacityOrder> build_capacity(const SourceArguments& given) {
  if (!given.searches()) return std::nullopt;
  const bool rates = given.find_rate.has_value();
  const std::vector<report::Threshold>& objective = rates ? *given.find_rate : *given.find_sessions;
  const Duration probe = given.probe.value_or(kProbe);
  const Duration confirm = given.confirm.value_or(kConfirm);
  const LevelRange range =
      rates ? given.rate_range.value_or(rates_for(objective, std::min(probe, confirm)))
            : sessions_for(given);
  CapacityOrder order{.task = {.of = rates ? LevelOf::rate : LevelOf::sessions,
                               .range = {.low = range.low,
                                         .high = range.high,
                                         .resolution = given.resolution.value_or(kResolution),
                                         .whole = !rates},
                               .probe = probe,
                               .confirm = confirm,
                               .warmup = given.warmup.value_or(probe / kWarmUpParts),
                               .settle = given.settle.value_or(kSettle)},
                      .objective = objective};
  check_messages(order);
  return order;
}

std::vector<std::pair<std::string, std::string>> describe_search(const SourceCommandLine& line) {
  const source::CapacityTask& task = line.capacity->task;
  const bool rates = task.of == LevelOf::rate;
  const auto of = rates ? report::Capacity::Of::rate : report::Capacity::Of::sessions;
  std::vector<std::pair<std::string, std::string>> settings = describe_load(line.source);
  for (auto& [name, value] : settings) {
    if (name == "load") {
      const bool poisson = line.source.load.pattern == source::ArrivalPattern::poisson;
      value = fmt::format(
          "{}, the highest of {} to {} with {}, to {:.4g}%; probes of {}",
          rates ? fmt::format("open loop, {} arrivals", poisson ? "Poisson" : "constant")
                : "closed loop",
          report::level_text(of, task.range.low), report::level_text(of, task.range.high),
          terms_of(*line.capacity), task.range.resolution * 100,
          report::span(in_seconds(task.probe)));
    }
    if (name == "sessions" && !rates) value.insert(0, "at most ");
  }
  return settings;
}

CapacityReport::CapacityReport(const CapacityOrder& order) : order_(order) {
  const source::CapacityTask& task = order.task;
  capacity_.of =
      task.of == LevelOf::rate ? report::Capacity::Of::rate : report::Capacity::Of::sessions;
  for (const report::Threshold& term : order.objective) capacity_.objective.push_back(term.text());
  capacity_.low = task.range.low;
  capacity_.high = task.range.high;
  capacity_.resolution = task.range.resolution;
  capacity_.confirm = task.confirm;
}

std::vector<report::Verdict> CapacityReport::verdicts(
    const metrics::Measurement& measurement) const {
  std::vector<report::Verdict> all;
  for (const report::Threshold& term : order_.objective) all.push_back(term.judge(measurement));
  return all;
}

source::Judgement CapacityReport::judge(const metrics::Measurement& measurement) const {
  std::vector<std::string> late;
  bool holds = true;
  for (const report::Threshold& term : order_.objective) {
    if (term.judge(measurement).passed) continue;
    holds = false;
    std::string clause = report::held_up_by_generator(term, measurement);
    if (clause.empty()) return {.holds = false};
    late.push_back(std::move(clause));
  }
  return {.holds = holds, .late = std::move(late)};
}

std::string CapacityReport::take(const source::Probe& probe, source::ProbeOutcome outcome,
                                 const metrics::Measurement& measurement,
                                 const std::string& reason) {
  using Outcome = report::CapacityProbe::Outcome;
  report::CapacityProbe told = report::CapacityProbe::of(measurement, verdicts(measurement));
  told.level = probe.level;
  told.confirms = probe.confirms;
  told.outcome = outcome == source::ProbeOutcome::held     ? Outcome::held
                 : outcome == source::ProbeOutcome::missed ? Outcome::missed
                                                           : Outcome::late;
  told.reason = reason;
  capacity_.probes.push_back(std::move(told));
  return report::probe_line(capacity_.of, capacity_.probes.back());
}

report::Capacity CapacityReport::finish(const source::CapacityAnswer& answer) {
  using Limit = report::Capacity::Limit;
  capacity_.level = answer.level.value_or(0);
  capacity_.confirmed = answer.confirmed;
  capacity_.limited_at = answer.limited_at.value_or(0);
  switch (answer.limit) {
    case source::CapacityLimit::server:
      capacity_.limited_by = Limit::server;
      break;
    case source::CapacityLimit::generator:
      capacity_.limited_by = Limit::generator;
      break;
    case source::CapacityLimit::range:
      capacity_.limited_by = Limit::range;
      break;
    case source::CapacityLimit::unknown:
      capacity_.limited_by = Limit::unknown;
      break;
  }
  return std::move(capacity_);
}

}  // namespace millrace::cli
