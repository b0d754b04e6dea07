#pragma once

#include <chrono>
#include <cstddef>

namespace millrace {

// What may be written to a terminal that is ready for output: a pipe then takes a page.
inline constexpr std::size_t kReadyFor = 128;  // bytes

// Whether something can be written to `descriptor` without a wait, or can within `patience`: a
// pipe may be full, a terminal stopped. One that is closed is ready to say so.
bool ready_for_output(int descriptor, std::chrono::milliseconds patience = {});

}  // namespace millrace
