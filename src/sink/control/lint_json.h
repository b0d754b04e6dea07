#pragma once

#include <nlohmann/json.hpp>

#include "metrics/lint_metrics.h"

namespace millrace::sink {

// The schema Lint: named as in the report of a run (--json).
nlohmann::json lint_json(const metrics::LintMetrics& found);

// The schema LintCounts: how often each finding was made.
nlohmann::json lint_counts_json(const metrics::LintMetrics& found);

}  // namespace millrace::sink
