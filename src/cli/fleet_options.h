#pragma once

#include "cli/source_arguments.h"

namespace millrace::cli {

// The options of smtp-source-mpi: those of smtp-source(1), of which a run of many processes cannot
// have all. Throws Fatal saying what to use instead.
SourceArguments read_fleet_arguments(int argc, const char* const* argv);

}  // namespace millrace::cli
