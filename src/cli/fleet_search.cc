#include "cli/fleet_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace millrace::cli {

std::string to_letter(const source::ProbeOrder& order) {
  return nlohmann::json{{"level", order.probe.level},
                        {"confirms", order.probe.confirms},
                        {"number", order.number},
                        {"first_message", order.first_message}}
      .dump();
}

source::ProbeOrder read_order(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  return {.probe = {.level = json.at("level"), .confirms = json.at("confirms")},
          .number = json.at("number"),
          .first_message = json.at("first_message")};
}

source::ProbeRun FleetProbes::take(RankReport own, const std::vector<fleet::RankState>& ranks,
                                   const source::SourceOptions& of_probe) {
  source::ProbeRun all;
  const auto look = [&](const std::string& whose, const RankReport& part) {
    const source::ProbeRun made =
        source::ProbeRun::of({.measurement = part.run.measurement}, of_probe);
    all.messages = std::max(all.messages, made.messages);
    for (const std::string& clause : made.late) {
      all.late.push_back(fmt::format("{}: {}", whose, clause));
    }
  };
  RankReport whole = put_together(std::move(own), ranks, look);
  all.run.well = whole.well;
  all.run.completions = whole.completions;
  all.run.measurement = std::exchange(whole.run.measurement, {});
  // What is little for a rank may be much for all.
  if (all.late.empty()) all.late = all.run.measurement.limits();
  const bool all_sent = std::all_of(ranks.begin() + 1, ranks.end(),
                                    [](const fleet::RankState& rank) { return !!rank.result; });
  metrics::Ending& ending = all.run.measurement.ending;
  if (!whole.whole) {
    ending = std::max(ending, all_sent ? metrics::Ending::failed : metrics::Ending::interrupted);
  }
  runs_.push_back(std::move(whole.run));
  return all;
}

report::Run FleetProbes::describe(const source::CapacityResult& result,
                                  const std::vector<fleet::RankState>& ranks) const {
  report::Run run = runs_.at(result.number);
  const bool is_found = result.answer.limit != source::CapacityLimit::unknown;
  std::vector<unsigned> gone;
  for (unsigned rank = 1; rank < ranks.size(); ++rank) {
    if (!ranks[rank].trouble.empty()) gone.push_back(rank);
  }
  const auto is_why = [&](unsigned rank) { return !is_found && ranks[rank].is_cause; };
  if (ranks.size() > kMostTold) {
    const bool are_why = std::any_of(gone.begin(), gone.end(), is_why);
    const std::string_view when = are_why ? "with which the search ended" : "at the end";
    if (!gone.empty()) run.settings.emplace_back("gone", fmt::format("{}, {}", named(gone), when));
    return run;
  }
  for (const unsigned rank : gone) {
    const std::string& trouble = ranks[rank].trouble;
    std::string why =
        fmt::format("{} it {}", is_why(rank) ? "the search ended since" : "at the end", trouble);
    const std::string name = fmt::format("rank {}", rank);
    const auto row = std::find_if(run.settings.begin(), run.settings.end(),
                                  [&](const auto& setting) { return setting.first == name; });
    if (row == run.settings.end()) {
      run.settings.emplace_back(name, std::move(why));
    } else if (row->second.find(trouble) == std::string::npos) {
      row->second += "; " + why;
    }
  }
  return run;
}

}  // namespace millrace::cli
