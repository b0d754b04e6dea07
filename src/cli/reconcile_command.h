#pragma once

#include <functional>

#include "cli/command_line.h"

namespace millrace::cli {

// smtp-report reconcile: declares its options; what it returns carries the command out, and returns
// its exit status.
std::function<int()> declare_reconcile(CommandLine& line);

}  // namespace millrace::cli
