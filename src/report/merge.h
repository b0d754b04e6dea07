#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/run.h"

namespace millrace::report {

// The setting of a merged run that says which runs it is made of.
inline constexpr std::string_view kMergedSetting = "merged";

// Runs of several hosts, or of both halves of one, as one run: counters, histograms and hits
// of rules of one name added, seconds aligned on the wall clock. All must be of the same kind, and
// all parts of one run, or none a part.
// `names`: where each is from. Throws Fatal naming what does not fit.
Run merge(const std::vector<Run>& runs, const std::vector<std::string>& names);

}  // namespace millrace::report
