#include "source/probe_shortfall.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/quantity.h"

namespace millrace::source {
namespace {

// How much may be left behind: so large a share, and so many messages, which is no more than noise.
constexpr double kShare = 0.05;
constexpr double kNoise = 10;

// A warm-up shorter than what every message takes leaves so many under way that none took the place
// of.
double beyond_warmup(const metrics::Measurement& measured, const CapacityTask& task,
                     const Probe& probe) {
  const std::chrono::microseconds least(measured.total.service.least());
  return std::max(in_seconds(least - task.warmup), 0.0) * probe.level;
}

}  // namespace

std::string probe_shortfall(const Result& run, const CapacityTask& task, const Probe& probe) {
  if (task.of == LevelOf::sessions) {
    if (run.completions.outlasted == 0) return {};
    return fmt::format("{} of the sessions did nothing but their first message",
                       run.completions.outlasted);
  }
  const metrics::Counters& counters = run.measurement.total.counters;
  const std::uint64_t due = counters.delivered + counters.failed();
  const double behind = static_cast<double>(due) - static_cast<double>(run.completions.in_time) -
                        beyond_warmup(run.measurement, task, probe);
  if (behind <= std::max(kShare * static_cast<double>(due), kNoise)) return {};
  return fmt::format("only {} of {} messages were over in time", run.completions.in_time, due);
}

}  // namespace millrace::source
