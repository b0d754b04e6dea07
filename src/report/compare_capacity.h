#pragma once

#include <optional>
#include <vector>

#include "report/change.h"
#include "report/run.h"

namespace millrace::report {

// How the capacity that all runs have searched has changed; nothing where none has searched one.
// The difference is noise when it is no more than what both searches leave open, by their
// resolutions, however many there are; beyond that, with three runs or more on each side, when it
// may be chance; unclear, when the capacity of the server was not found. Throws Fatal when only
// some have searched one, or not the same.
std::optional<Change> compare_capacities(const std::vector<Run>& base,
                                         const std::vector<Run>& next);

}  // namespace millrace::report
