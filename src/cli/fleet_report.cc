#include "cli/fleet_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "base/diagnostics.h"
#include "base/number.h"
#include "cli/sink_command_line.h"
#include "metrics/codec.h"
#include "metrics/measurement.h"
#include "report/json.h"
#include "report/merge.h"
#include "report/parts.h"
#include "report/text.h"

namespace millrace::cli {
namespace {

constexpr char kWell = '1';

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

std::uint64_t take_number(std::string_view& text) {
  return whole_number(take_word(text)).value_or(0);
}

RankReport from_letter(std::string_view text, const std::string& name) {
  if (text.empty()) throw Fatal("nothing");
  RankReport report{.well = text.front() == kWell};
  text.remove_prefix(1);
  report.completions.in_time = take_number(text);
  report.completions.outlasted = take_number(text);
  const auto held_up = metrics::decode(take_word(text));
  if (!held_up) throw Fatal("no histogram");
  report.run = report::from_json(text, name);
  report.run.measurement.generator.held_up = *held_up;
  return report;
}

std::string whose(const std::string& rank, const std::string& host) {
  return host.empty() ? rank : fmt::format("{} ({})", rank, host);
}

// Where a sink listens; each may do so elsewhere.
std::string described_sink(const report::Run& run) {
  const metrics::Counters& counters = run.measurement.total.counters;
  const auto at = std::find_if(run.settings.begin(), run.settings.end(),
                               [](const auto& setting) { return setting.first == kPlacesSetting; });
  return fmt::format("{}: at {}: {} taken, {} sessions", run.environment.host,
                     at != run.settings.end() ? at->second : "an unknown place",
                     report::count(counters.delivered), report::count(counters.sessions_opened));
}

std::string described(const report::Run& run) {
  if (run.kind == report::Run::Kind::sink) return described_sink(run);
  const metrics::Metrics& total = run.measurement.total;
  const auto latency = [&](double share) {
    return report::latency(static_cast<double>(total.intended.percentile(share)));
  };
  std::string text =
      fmt::format("{}: {} delivered, {} not", run.environment.host,
                  report::count(total.counters.delivered), report::count(total.counters.failed()));
  if (!total.intended.empty()) text += fmt::format(", p50 {}, p99 {}", latency(0.5), latency(0.99));
  return text;
}

std::string described(const fleet::ClockOffset& clock) {
  const bool behind = clock.ahead < fleet::Microseconds::zero();
  return fmt::format("; clock {} {}, known to {}",
                     report::latency(static_cast<double>(std::abs(clock.ahead.count()))),
                     behind ? "behind" : "ahead",
                     report::latency(static_cast<double>(clock.error.count())));
}

}  // namespace

std::string named(const std::vector<unsigned>& ranks) {
  return fmt::format("{} {}", ranks.size() == 1 ? "rank" : "ranks", report::listed(ranks));
}

std::string to_letter(const RankReport& report) {
  return fmt::format("{}{} {} {} {}", report.well ? kWell : '0', report.completions.in_time,
                     report.completions.outlasted,
                     metrics::encode(report.run.measurement.generator.held_up),
                     report::to_json(report.run));
}

RankReport put_together(RankReport own, const std::vector<fleet::RankState>& ranks,
                        const LookAtPart& look) {
  RankReport whole{.well = own.well, .completions = own.completions};
  const auto look_at = [&](const std::string& name, const RankReport& part) {
    if (look) look(whose(name, part.run.environment.host), part);
  };
  const bool all_told = ranks.size() <= kMostTold;
  const std::chrono::system_clock::time_point start = own.run.measurement.start;
  std::vector<std::string> names = {"rank 0"};
  decltype(own.run.settings) told;
  std::vector<unsigned> missing;
  if (all_told && ranks.size() > 1) told.emplace_back(names.front(), described(own.run));
  look_at(names.front(), own);
  std::vector<report::Run> runs;
  runs.push_back(std::move(own.run));
  for (std::size_t number = 1; number < ranks.size(); ++number) {
    const fleet::RankState& rank = ranks[number];
    const std::string name = fmt::format("rank {}", number);
    std::optional<RankReport> part;
    std::string trouble = rank.trouble;
    try {
      if (rank.result) part = from_letter(*rank.result, name);
    } catch (const std::exception& error) {
      trouble = fmt::format("sent what is no report ({})", error.what());
      report_fatal(fmt::format("{} {}: the report is without it",
                               whose(name, rank.host.value_or("")), trouble));
    }
    if (!part) {
      whole.whole = false;
      missing.push_back(static_cast<unsigned>(number));
      if (all_told) told.emplace_back(name, fmt::format("not in this report: it {}", trouble));
      continue;
    }
    whole.well = whole.well && part->well;
    whole.completions.add(part->completions);
    look_at(name, *part);
    // The same moment by another clock; or what it had no part in, since it ended before.
    part->run.measurement.start = start;
    if (all_told) {
      const auto& clock = rank.clock.offset();
      told.emplace_back(name, described(part->run) + (clock ? described(*clock) : std::string()));
    }
    names.push_back(name);
    runs.push_back(std::move(part->run));
  }
  if (!all_told && !missing.empty()) told.emplace_back("missing", named(missing));
  try {
    whole.run = report::merge(runs, names);
  } catch (const std::exception& error) {
    report_fatal(fmt::format("{}: the report is of rank 0 alone", error.what()));
    whole.whole = false;
    whole.run = std::move(runs.front());
    told = {{"missing", "all ranks but rank 0: their reports do not fit together"}};
  }
  whole.well = whole.well && whole.whole;
  std::erase_if(whole.run.settings,
                [](const auto& setting) { return setting.first == report::kMergedSetting; });
  whole.run.settings.insert(whole.run.settings.end(), told.begin(), told.end());
  return whole;
}

void tell_of_missing(const std::vector<fleet::RankState>& ranks, std::string_view consequence) {
  for (std::size_t number = 1; number < ranks.size(); ++number) {
    const fleet::RankState& rank = ranks[number];
    if (rank.trouble.empty()) continue;
    const std::string who = whose(fmt::format("rank {}", number), rank.host.value_or(""));
    report_fatal(fmt::format("{} {}: {}", who, rank.trouble, consequence));
  }
}

void tell_of_gone(const std::vector<fleet::RankState>& ranks) {
  for (std::size_t number = 1; number < ranks.size(); ++number) {
    const fleet::RankState& rank = ranks[number];
    if (!rank.is_silent || !rank.trouble.empty()) continue;
    const std::string who = whose(fmt::format("rank {}", number), rank.host.value_or(""));
    report_fatal(who + " was not there to the end: all that it measured is reported");
  }
}

}  // namespace millrace::cli
