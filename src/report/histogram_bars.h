#pragma once

#include "metrics/histogram.h"
#include "report/writer.h"

namespace millrace::report {

// A line each of at most twelve ranges between round bounds: how many of what was timed are in it,
// as a number, a share and a bar. Nothing for a histogram that is empty.
void write_bars(Writer& out, const metrics::Histogram& histogram);

}  // namespace millrace::report
