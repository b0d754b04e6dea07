#include "proof/run_id.h"

#include <fmt/format.h>

namespace millrace::proof {

std::string to_text(const RunId& run) { return fmt::format("{:016x}{:016x}", run.high, run.low); }

}  // namespace millrace::proof
