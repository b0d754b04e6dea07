#pragma once

#include <string>

#include "report/run.h"

namespace millrace::report {

// The seconds of a run as comma-separated values (RFC 4180), with a header line.
std::string to_csv(const Run& run);

// The latencies of a run, from the intended start, a histogram a second: the log format of
// HdrHistogram, version 1.3. Times are in seconds, the histograms in microseconds, and
// Interval_Max in milliseconds.
std::string to_histogram_log(const Run& run);

}  // namespace millrace::report
