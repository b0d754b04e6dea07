#pragma once

#include <string>

#include "metrics/measurement.h"
#include "report/threshold.h"

namespace millrace::report {

// Why a bound of a latency that was missed may have been met but for the generator, as a clause:
// without so many messages as it held up itself. In open loop those are the ones that it began late
// by more than a tenth of the bound, and than a millisecond; in closed loop, all that a thread had
// under way when it was busy for longer than the bound. Empty where the bound would be missed all
// the same, where nothing would be left to meet it, of what is no such bound, and in open loop of
// one that does not count from when messages are due.
std::string held_up_by_generator(const Threshold& term, const metrics::Measurement& measurement);

}  // namespace millrace::report
