#pragma once

#include <optional>

#include "metrics/verify_metrics.h"
#include "report/writer.h"

namespace millrace::report {

// The part of a summary about what a sink found of the messages that it took, where it verified
// them.
void write_verified(Writer& out, const std::optional<metrics::VerifyMetrics>& verified);

}  // namespace millrace::report
