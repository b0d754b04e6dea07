#include "cli/fleet_options.h"

#include "cli/refusal.h"
#include "cli/source_command_line.h"

namespace millrace::cli {
namespace {

constexpr Refusal<SourceArguments> kRefusals[] = {
    {[](const auto& given) { return given.part.has_value(); },
     "--part: each rank is a part of the run already"},
    {[](const auto& given) { return given.show.has_value(); },
     "--show sends nothing: use smtp-source"},
    {[](const auto& given) { return given.counter; },
     "-c counts the messages of one process: use --summary or --json"},
    {[](const auto& given) { return given.stamp.has_value() && given.searches(); },
     "--stamp in a search (for e2e and backlog) is for one process, on the host of the sink: use "
     "smtp-source"},
    {[](const auto& given) { return given.logs() || given.stamp.has_value(); },
     "--log and --stamp write a file for each process: use smtp-source --part"},
};

}  // namespace

SourceArguments read_fleet_arguments(int argc, const char* const* argv) {
  SourceArguments given = read_source_arguments(argc, argv, "smtp-source-mpi");
  refuse<SourceArguments>(given, kRefusals);
  given.report.imply_summary();
  return given;
}

}  // namespace millrace::cli
