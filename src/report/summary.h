#pragma once

#include <string>

#include "report/run.h"
#include "report/text.h"

namespace millrace::report {

// A run on one screen: what it was, whether the generator was the bottleneck, totals, latencies
// with a bar histogram, phases, replies, errors, rules, later answers,
// stages, thresholds and a sentence of verdict.
std::string summary(const Run& run, const Style& style);

// The sentence alone.
std::string verdict(const Run& run);

}  // namespace millrace::report
