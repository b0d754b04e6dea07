#include "report/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "metrics/codec.h"
#include "report/json_bounds.h"
#include "report/text.h"
#include "report/threshold.h"

namespace millrace::report {
namespace {

using metrics::Measurement;
using metrics::Row;
using std::chrono::system_clock;

constexpr std::string_view kComma = ", ";

// The setting of a merged run that names others in which its parts differ.
constexpr std::string_view kDiffering = "differing";

// Takes the first element off a list.
std::string_view take_element(std::string_view& list) {
  const std::string_view element = list.substr(0, list.find(kComma));
  list.remove_prefix(std::min(element.size() + kComma.size(), list.size()));
  return element;
}

bool lists(std::string_view list, std::string_view element) {
  while (!list.empty()) {
    if (take_element(list) == element) return true;
  }
  return false;
}

// Appends the elements that are not there already.
void join(std::string& list, std::string_view more) {
  while (!more.empty()) {
    const std::string_view element = take_element(more);
    if (lists(list, element)) continue;
    if (!list.empty()) list.append(kComma);
    list.append(element);
  }
}

void add(Row& sum, const Row& row) {
  sum.length = std::max(sum.length, row.length);
  sum.counters.add(row.counters);
  for (std::size_t kind = 0; kind < metrics::kErrors; ++kind) sum.errors[kind] += row.errors[kind];
  sum.sessions_open += row.sessions_open;
  sum.in_flight += row.in_flight;
  sum.asked += row.asked;
  if (sum.stage.empty()) sum.stage = row.stage;
}

// The series of a run while those of all are merged.
class SeriesReader {
 public:
  SeriesReader(const Measurement& measurement, system_clock::time_point start)
      : rows_(measurement.series),
        shift_(static_cast<std::uint64_t>(
            std::llround(std::chrono::duration<double>(measurement.start - start).count()))) {}

  // The second of the merged run in which the next row lies; nothing behind the last one.
  [[nodiscard]] std::optional<std::uint64_t> second() const {
    if (next_ == rows_.size()) return std::nullopt;
    return rows_[next_].number + shift_;
  }
  const Row& take() { return rows_[next_++]; }

 private:
  const std::vector<Row>& rows_;
  const std::uint64_t shift_;
  std::size_t next_ = 0;
};

// The first second that any of them has a row for.
std::optional<std::uint64_t> first_second(const std::vector<SeriesReader>& all) {
  std::optional<std::uint64_t> first;
  for (const SeriesReader& one : all) {
    const auto second = one.second();
    if (second && (!first || *second < *first)) first = second;
  }
  return first;
}

// Second by second, so that two histograms are there at a time.
std::vector<Row> merge_series(const std::vector<Run>& runs, system_clock::time_point start) {
  std::vector<SeriesReader> all;
  for (const Run& run : runs) all.emplace_back(run.measurement, start);
  std::vector<Row> rows;
  metrics::Histogram intended;
  metrics::Histogram part;
  while (const auto second = first_second(all)) {
    Row sum{.number = *second, .length = 0};
    intended.clear();
    for (SeriesReader& one : all) {
      if (one.second() != second) continue;
      const Row& row = one.take();
      add(sum, row);
      // Rows are made of histograms: what does not decode was refused when it was read.
      if (metrics::decode(row.encoded, part)) intended.add(part);
    }
    sum.hold(intended);
    rows.push_back(std::move(sum));
  }
  return rows;
}

// Stages of the same name and place are one.
void add_stages(std::vector<metrics::Stage>& sum, const std::vector<metrics::Stage>& stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i < sum.size() && sum[i].name == stages[i].name) {
      sum[i].metrics.add(stages[i].metrics);
    } else {
      sum.push_back(stages[i]);
    }
  }
}

// Rules of the same name are one; others come behind those that are there.
void add_rules(std::vector<metrics::RuleHits>& sum, const std::vector<metrics::RuleHits>& rules) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < sum.size(); ++i) places.emplace(sum[i].name, i);
  for (const metrics::RuleHits& rule : rules) {
    const auto [place, fresh] = places.emplace(rule.name, sum.size());
    if (fresh) {
      sum.push_back(rule);
    } else {
      sum[place->second].hits += rule.hits;
    }
  }
}

void add_answers(std::optional<metrics::Answers>& sum,
                 const std::optional<metrics::Answers>& answers) {
  if (!answers) return;
  if (!sum) sum.emplace();
  sum->add(*answers);
}

// Of all runs, where all looked: that of some says nothing of the whole.
std::optional<metrics::EndToEnd> end_to_end(const std::vector<Run>& runs) {
  std::optional<metrics::EndToEnd> sum;
  for (const Run& run : runs) {
    if (!run.measurement.end_to_end) return std::nullopt;
    if (!sum) sum.emplace();
    sum->add(*run.measurement.end_to_end);
  }
  return sum;
}

// That of all runs, where all were to start at the same moment.
std::optional<metrics::AgreedStart> agreed_start(const std::vector<Run>& runs) {
  std::optional<metrics::AgreedStart> all = runs.front().measurement.agreed_start;
  for (const Run& run : runs) {
    const Measurement& part = run.measurement;
    if (!part.agreed_start || part.start != runs.front().measurement.start) return std::nullopt;
    all->add(*part.agreed_start);
  }
  return all;
}

void add_log(std::optional<metrics::LogTotals>& sum, const std::optional<metrics::LogTotals>& log) {
  if (!log) return;
  if (!sum) sum.emplace();
  sum->add(*log);
}

void add_journal(std::optional<metrics::JournalTotals>& sum,
                 const std::optional<metrics::JournalTotals>& journal) {
  if (!journal) return;
  if (sum) return sum->add(*journal);
  sum = journal;
}

// What a run whose messages do not differ in that has to add to a split of it: nobody knows of
// whom. One without messages lacks nothing.
void tell_all(const metrics::Metrics& total, metrics::MessageSplit& split) {
  for (const auto& row : metrics::kMessageCountNames) {
    split.others.counts.counters.*row.counter = total.counters.*row.counter;
  }
  split.others.latency = total.intended;
}
void tell_all(const metrics::Metrics& total, metrics::RecipientSplit& split) {
  split.others.counts.accepted = total.counters.recipients;
}

template <typename Split>
void merge_splits(std::optional<Split> Measurement::*split, const std::vector<Run>& runs,
                  Measurement& whole) {
  const bool any = std::any_of(runs.begin(), runs.end(), [split](const Run& run) {
    return (run.measurement.*split).has_value();
  });
  if (!any) return;
  std::vector<Split> parts;
  for (const Run& run : runs) {
    if (run.measurement.*split) {
      parts.push_back(*(run.measurement.*split));
    } else {
      Split& part = parts.emplace_back();
      tell_all(run.measurement.total, part);
      part.unsplit_runs = run.measurement.total.counters.started > 0 ? 1 : 0;
    }
  }
  whole.*split = metrics::merged(std::span<const Split>(parts));
}

using AllSettings = decltype(Run::settings);

// Whether the merged run has a value of its own under this name.
bool told_anew(std::string_view name) {
  return name == kMergedSetting || name == kPartsSetting || name == kStartSetting ||
         name == kBegunSetting;
}

// Settings in which all runs agree. What the others are called is one more: no run's value of
// them holds for the whole.
AllSettings merge_settings(const std::vector<Run>& runs) {
  const auto has = [](const Run& run, const AllSettings::value_type& setting) {
    return std::find(run.settings.begin(), run.settings.end(), setting) != run.settings.end();
  };
  AllSettings agreed;
  std::string differing;
  for (const Run& run : runs) {
    for (const auto& setting : run.settings) {
      const bool all = std::all_of(runs.begin(), runs.end(),
                                   [&](const Run& other) { return has(other, setting); });
      if (told_anew(setting.first)) continue;
      if (setting.first == kDiffering) {
        join(differing, setting.second);
      } else if (!all) {
        join(differing, setting.first);
      } else if (&run == &runs.front()) {
        agreed.push_back(setting);
      }
    }
  }
  if (!differing.empty()) agreed.emplace_back(kDiffering, differing);
  return agreed;
}

// The cores of a host count once, however many of its runs there are.
void add_cores(Environment& sum, const Environment& environment) {
  std::string hosts = sum.host;
  join(hosts, environment.host);
  const bool more = hosts.size() > sum.host.size() || hosts.empty();
  sum.cores = more ? sum.cores + environment.cores : std::max(sum.cores, environment.cores);
}

void add_environment(Environment& sum, const Environment& environment) {
  add_cores(sum, environment);
  join(sum.host, environment.host);
  join(sum.kernel, environment.kernel);
  join(sum.cpu, environment.cpu);
  join(sum.engine, environment.engine);
  sum.threads += environment.threads;
}

// Of more threads than are read those tell most that had the least time left.
void keep_busiest(metrics::Generator& generator) {
  constexpr std::size_t kMost = kReadLimits.elements;
  const std::size_t threads = generator.busy.size();
  if (threads <= kMost) return;
  generator.run_delay.resize(threads);
  std::vector<std::pair<double, double>> used;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    used.emplace_back(generator.busy[thread], generator.run_delay[thread]);
  }
  std::partial_sort(used.begin(), used.begin() + kMost, used.end(),
                    [](const auto& one, const auto& other) {
                      return one.first + one.second > other.first + other.second;
                    });
  for (std::size_t thread = 0; thread < kMost; ++thread) {
    std::tie(generator.busy[thread], generator.run_delay[thread]) = used[thread];
  }
  generator.busy.resize(kMost);
  generator.run_delay.resize(kMost);
}

// Why the generator of any run may have set its pace, and of which: in the sums of all it may be
// too little to be seen.
std::vector<std::string> limits_of(const std::vector<Run>& runs,
                                   const std::vector<std::string>& names) {
  constexpr std::size_t kMostTold = 16;
  if (runs.size() == 1) return runs.front().measurement.limits();
  std::vector<std::string> all;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string& host = runs[i].environment.host;
    const bool of_one = !host.empty() && host.find(kComma) == std::string::npos;
    const std::string whose = of_one ? fmt::format("{} ({})", names[i], host) : names[i];
    for (const std::string& clause : runs[i].measurement.limits()) {
      all.push_back(fmt::format("{}: {}", whose, clause));
    }
  }
  if (all.size() <= kMostTold) return all;
  const std::size_t others = all.size() - kMostTold;
  all.resize(kMostTold);
  all.push_back(fmt::format("and {} more of others", others));
  return all;
}

Measurement merge_measurements(const std::vector<Run>& runs) {
  Measurement whole;
  const auto by_start = [](const Run& a, const Run& b) {
    return a.measurement.start < b.measurement.start;
  };
  whole.start = std::min_element(runs.begin(), runs.end(), by_start)->measurement.start;
  // What was measured lies at the end of each run, behind its warm-up; where nothing was, as by a
  // sink without a client, nothing lies anywhere.
  Duration begin = Duration::max();
  for (const Run& run : runs) {
    const Measurement& part = run.measurement;
    const Duration offset = part.start - whole.start;
    if (part.measured > Duration::zero()) {
      begin = std::min(begin, offset + part.elapsed - part.measured);
    }
    whole.elapsed = std::max(whole.elapsed, offset + part.elapsed);
    whole.ending = std::max(whole.ending, part.ending);
    whole.open_loop = whole.open_loop || part.open_loop;
    whole.total.add(part.total);
    whole.warmup.add(part.warmup);
    add_stages(whole.stages, part.stages);
    whole.generator.add(part.generator);
    add_rules(whole.rules, part.rules);
    whole.keys_forgotten += part.keys_forgotten;
    add_answers(whole.answers, part.answers);
    add_log(whole.log, part.log);
    metrics::add_verified(whole.verify, part.verify);
    metrics::add_lint(whole.lint, part.lint);
    add_journal(whole.proof, part.proof);
    metrics::add_clients(whole.clients, part.clients);
  }
  merge_splits(&Measurement::kinds, runs, whole);
  merge_splits(&Measurement::domains, runs, whole);
  merge_splits(&Measurement::senders, runs, whole);
  whole.end_to_end = end_to_end(runs);
  whole.agreed_start = agreed_start(runs);
  if (begin < Duration::max()) whole.measured = whole.elapsed - begin;
  keep_busiest(whole.generator);
  whole.series = merge_series(runs, whole.start);
  return whole;
}

}  // namespace

Run merge(const std::vector<Run>& runs, const std::vector<std::string>& names) {
  Run sum{.kind = runs.front().kind,
          .program = runs.front().program,
          .command_line = runs.front().command_line,
          .settings = merge_settings(runs)};
  std::set<std::string> thresholds;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].kind != sum.kind) {
      throw Fatal(fmt::format("{} is of a {}, {} of a {}: they cannot be merged", names.front(),
                              kKindNames[static_cast<std::size_t>(sum.kind)], names[i],
                              kKindNames[static_cast<std::size_t>(runs[i].kind)]));
    }
    add_environment(sum.environment, runs[i].environment);
    for (const Verdict& one : runs[i].verdicts) thresholds.insert(one.threshold);
  }
  sum.parts = merged_parts(runs, names);
  sum.measurement = merge_measurements(runs);
  sum.measurement.known_limits = limits_of(runs, names);
  describe_parts(sum);
  sum.settings.emplace_back(
      kMergedSetting,
      fmt::format("{} run{}: {}", runs.size(), plural(runs.size()), fmt::join(names, ", ")));
  // What each part had to reach is asked of the whole.
  for (const std::string& text : thresholds) {
    sum.verdicts.push_back(Threshold(text).judge(sum.measurement));
  }
  return sum;
}

}  // namespace millrace::report
