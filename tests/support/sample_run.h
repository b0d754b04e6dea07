// What the tests of reports share.
#pragma once

#include <functional>
#include <string>

#include "report/run.h"

namespace millrace::test {

// A run of `seconds` seconds, each of 100 messages that took `milliseconds` and up to 10% more.
report::Run sample_run(std::uint64_t seconds, double milliseconds, unsigned seed = 1);

// A sink's run of `seconds` seconds, with rules, of which one never matched, and later answers.
report::Run sample_sink(std::uint64_t seconds);

// What Fatal says that `action` throws.
std::string message_of(const std::function<void()>& action);

}  // namespace millrace::test
