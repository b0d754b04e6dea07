#pragma once

#include <string>

#include "source/find_capacity.h"

namespace millrace::source {

// Why the server did not hold the level of a probe whatever the terms say, as a clause; empty when
// it may have held. At a rate: less than 95% as many messages were over in the measured time as
// were due in it. With sessions: one was busy with its message of the warm-up until the end.
std::string probe_shortfall(const Result& run, const CapacityTask& task, const Probe& probe);

}  // namespace millrace::source
