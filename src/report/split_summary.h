#pragma once

#include "metrics/measurement.h"
#include "report/writer.h"

namespace millrace::report {

// The splits of a run for people: a table each, of the first few rows; all others are one more.
// Nothing where a split does not tell more than the totals.
void write_splits(Writer& out, const metrics::Measurement& measured);

}  // namespace millrace::report
