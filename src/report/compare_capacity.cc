#include "report/compare_capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/diagnostics.h"
#include "report/text.h"

namespace millrace::report {
namespace {

std::string as_rate(double level) { return rate(level); }
std::string as_sessions(double level) {
  return count(static_cast<std::uint64_t>(std::llround(level)));
}

// Throws Fatal unless the run has searched the same.
void check_same(const Capacity& first, const Run& run) {
  if (!run.capacity) {
    throw Fatal("runs that searched a capacity can only be compared with each other");
  }
  if (run.capacity->of == first.of && run.capacity->objective == first.objective) return;
  const auto described = [](const Capacity& capacity) {
    return fmt::format("{} with {}", kCapacityOfNames[static_cast<std::size_t>(capacity.of)],
                       fmt::join(capacity.objective, ", "));
  };
  throw Fatal(
      fmt::format("these capacities are not of the same: the highest {}, and the highest {}",
                  described(first), described(*run.capacity)));
}

std::vector<double> levels(const std::vector<Run>& runs) {
  std::vector<double> all;
  for (const Run& run : runs) all.push_back(run.capacity->level);
  return all;
}

// Whether it is known how much the servers of all runs hold: nothing, or as much as was confirmed
// and no more.
bool found(const std::vector<Run>& runs) {
  return std::all_of(runs.begin(), runs.end(), [](const Run& run) {
    const Capacity& capacity = *run.capacity;
    return capacity.limited_by == Capacity::Limit::server &&
           (capacity.confirmed || capacity.level == 0);
  });
}

// What a search leaves open, as a factor.
double open_factor(const std::vector<Run>& runs) {
  double most = 1;
  for (const Run& run : runs) most = std::max(most, 1 + run.capacity->resolution);
  return most;
}

}  // namespace

std::optional<Change> compare_capacities(const std::vector<Run>& base,
                                         const std::vector<Run>& next) {
  const Capacity* first = nullptr;
  for (const std::vector<Run>* const side : {&base, &next}) {
    for (const Run& run : *side) {
      if (first == nullptr && run.capacity) first = &*run.capacity;
    }
  }
  if (first == nullptr) return std::nullopt;
  for (const std::vector<Run>* const side : {&base, &next}) {
    for (const Run& run : *side) check_same(*first, run);
  }
  const std::vector<double> base_levels = levels(base);
  const std::vector<double> next_levels = levels(next);
  Change change{.figure = "capacity",
                .base = median(base_levels),
                .next = median(next_levels),
                .format = first->of == Capacity::Of::rate ? as_rate : as_sessions};
  tell_loss(change, true);
  if (!found(base) || !found(next)) {
    change.meaning = Change::Meaning::unclear;
    return change;
  }
  const double open = open_factor(base) * open_factor(next);
  const double more = std::max(change.base, change.next);
  const bool within_open = more <= std::min(change.base, change.next) * open;
  if (std::min(base.size(), next.size()) >= kEnoughValues) {
    tell_from_chance(change, base_levels, next_levels);
    if (within_open) change.meaning = Change::Meaning::noise;
    return change;
  }
  if (within_open) return change;
  change.meaning = change.loss > 0 ? Change::Meaning::worse : Change::Meaning::better;
  return change;
}

}  // namespace millrace::report
