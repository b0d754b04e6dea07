#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/time.h"
#include "metrics/lint_metrics.h"
#include "metrics/verify_metrics.h"
#include "sink/control/json_values.h"
#include "sink/control/live_counts.h"
#include "sink/rules/in_force.h"
#include "sink/verify/run_progress.h"

namespace millrace::sink {

// All that was counted since a sink began.
struct Stats {
  Counts counts;
  rules::Hits hits;
  std::optional<metrics::VerifyMetrics> verify;
  RunsProgress runs;                         // that it has seen
  std::optional<metrics::LintMetrics> lint;  // without clients
  std::uint64_t http_failed = 0;             // connections of HTTP that could not be served
};

// From when on.
struct StatsTimes {
  WallTime start;   // of the sink
  WallTime since;   // of what is told
  TimePoint began;  // the start by the clock that nobody sets
};

// The schema Stats, but for "store" and "lint": what was counted since `before`.
nlohmann::json stats_json(const Stats& now, const Stats& before, const StatsTimes& times);

// How often a rule was used since then.
std::uint64_t hits_since(const std::string& rule, std::uint64_t now, const rules::Hits& before);

}  // namespace millrace::sink
