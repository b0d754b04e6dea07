#include "report/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/calendar.h"
#include "base/diagnostics.h"
#include "base/quantity.h"
#include "report/run.h"
#include "report/text.h"

namespace millrace::report {
namespace {

std::string described(const Parts& parts) {
  std::string text = fmt::format("{} of {}", listed(parts.numbers), parts.of);
  const std::string others = missing(parts);
  if (parts.numbers.size() > 1 && !others.empty()) text += fmt::format(": not {}", others);
  return text;
}

std::string described(const metrics::AgreedStart& start,
                      std::chrono::system_clock::time_point moment) {
  const auto time = [](std::uint64_t microseconds) {
    return latency(static_cast<double>(microseconds));
  };
  std::string text = utc_text(moment);
  text += start.synchronised
              ? fmt::format(", by a clock that is right to an estimated {}, at worst {}",
                            time(start.estimated_error), time(start.most_error))
              : ", by a clock of which the kernel does not know that it is synchronised";
  if (start.late > 0) text += fmt::format("; begun {} later", time(start.late));
  return text;
}

// How long after the first part the last one began, be it one of those that were merged before.
Duration apart(const std::vector<Run>& runs) {
  auto first = runs.front().measurement.start;
  auto last = first;
  for (const Run& run : runs) {
    first = std::min(first, run.measurement.start);
    last = std::max(last, run.measurement.start + run.parts->apart);
  }
  return last - first;
}

}  // namespace

std::string listed(const std::vector<unsigned>& numbers) {
  std::vector<std::string> runs;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    runs.push_back(end - i > 2 ? fmt::format("{} to {}", numbers[i], numbers[end - 1])
                               : std::to_string(numbers[i]));
    i = end - i > 2 ? end : i + 1;
  }
  if (runs.size() < 2) return runs.empty() ? "" : runs.front();
  const std::string last = runs.back();
  runs.pop_back();
  return fmt::format("{} and {}", fmt::join(runs, ", "), last);
}

std::string missing(const Parts& parts) {
  std::vector<unsigned> others;
  auto next = parts.numbers.begin();
  for (unsigned number = 1; number <= parts.of; ++number) {
    next = std::lower_bound(next, parts.numbers.end(), number);
    if (next == parts.numbers.end() || *next != number) others.push_back(number);
  }
  return listed(others);
}

void describe_parts(Run& run) {
  if (run.parts) run.settings.emplace_back(kPartsSetting, described(*run.parts));
  if (run.measurement.agreed_start) {
    run.settings.emplace_back(kStartSetting,
                              described(*run.measurement.agreed_start, run.measurement.start));
  }
  if (run.parts && run.parts->apart > Duration::zero()) {
    run.settings.emplace_back(kBegunSetting,
                              latency(in_seconds(run.parts->apart) * 1e6) + " apart");
  }
}

std::optional<Parts> merged_parts(const std::vector<Run>& runs,
                                  const std::vector<std::string>& names) {
  const auto is_part = [](const Run& run) { return run.parts.has_value(); };
  const auto first = std::find_if(runs.begin(), runs.end(), is_part);
  if (first == runs.end()) return std::nullopt;
  const std::string& one = names[static_cast<std::size_t>(first - runs.begin())];
  const Parts& of_first = *first->parts;
  std::map<unsigned, std::size_t> places;  // of each part, its run
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::optional<Parts>& parts = runs[i].parts;
    if (!parts) {
      throw Fatal(fmt::format("{} has part {} of a run, {} no part of it: they cannot be merged",
                              one, described(of_first), names[i]));
    }
    if (parts->of != of_first.of) {
      throw Fatal(fmt::format("{} has part {}, {} has part {}: they are of different runs", one,
                              described(of_first), names[i], described(*parts)));
    }
    if (parts->run != of_first.run) {
      throw Fatal(
          fmt::format("{} and {} have parts of different runs: --seed or --start-at was "
                      "not the same",
                      one, names[i]));
    }
    if (parts->load != of_first.load) {
      throw Fatal(fmt::format(
          "{} and {} have parts of different loads: an option of how much is sent when, "
          "or of the messages, was not the same",
          one, names[i]));
    }
    for (const unsigned number : parts->numbers) {
      const auto [place, fresh] = places.emplace(number, i);
      if (fresh) continue;
      throw Fatal(fmt::format("{} and {} both have part {} of {}", names[place->second], names[i],
                              number, parts->of));
    }
  }
  Parts all{.run = of_first.run, .load = of_first.load, .of = of_first.of};
  for (const auto& [number, place] : places) all.numbers.push_back(number);
  all.apart = apart(runs);
  return all;
}

}  // namespace millrace::report
