#pragma once

#include <string>

#include "report/capacity.h"
#include "report/writer.h"

namespace millrace::report {

// "7,400/s", "12.3/s" or "120 sessions".
std::string level_text(Capacity::Of of, double level);

// What was found, as one sentence: "the server holds p99<250ms up to 7,400/s, confirmed for 60 s;
// at 7,800/s p99 was 1.20 s". It begins in lower case and ends without a full stop.
std::string capacity_line(const Capacity& capacity);
// The same as a sentence by itself.
std::string capacity_sentence(const Capacity& capacity);

// What a probe found: "400/s held: p99 3.20 ms, errors 0%". `of`: what its level is.
std::string probe_line(Capacity::Of of, const CapacityProbe& probe);

// The table of probes.
void write_probes(Writer& out, const Capacity& capacity);

}  // namespace millrace::report
