#include "source/kept_runs.h"

#include <algorithm>
#include <utility>

namespace millrace::source {
namespace {

// Whether no answer behind this one will be of that level. One that was confirmed stays until a
// higher one is.
bool is_ruled_out(double level, const CapacityAnswer& so_far) {
  if (level == so_far.level) return false;
  if (so_far.confirmed && level < so_far.level) return true;
  return so_far.limited_at && level >= *so_far.limited_at;
}

}  // namespace

void KeptRuns::take(EndedProbe&& probe, const CapacityAnswer& so_far) {
  std::erase_if(runs_, [&](const EndedProbe& kept) {
    const bool held_again = probe.held && kept.level == probe.level;
    return !kept.held || held_again || is_ruled_out(kept.level, so_far);
  });
  runs_.push_back(std::move(probe));
}

EndedProbe& KeptRuns::of(const CapacityAnswer& answer) {
  const auto best = std::find_if(runs_.rbegin(), runs_.rend(), [&](const EndedProbe& kept) {
    return kept.held && kept.level == answer.level;
  });
  return best != runs_.rend() ? *best : runs_.back();
}

}  // namespace millrace::source
