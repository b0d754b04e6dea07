#pragma once

#include <optional>

#include "metrics/lint_metrics.h"
#include "report/writer.h"

namespace millrace::report {

// The part of a summary about what clients did against the RFCs, where a sink judged them.
void write_lint(Writer& out, const std::optional<metrics::LintMetrics>& lint);

}  // namespace millrace::report
