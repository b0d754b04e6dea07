#include "cli/fleet_options.h"

#include "base/diagnostics.h"
#include "cli/source_command_line.h"

namespace millrace::cli {
namespace {

struct Refusal {
  bool (*given)(const SourceArguments& given);
  const char* why;
};

constexpr Refusal kRefusals[] = {
    {[](const auto& given) { return given.part.has_value(); },
     "--part: each rank is a part of the run already"},
    {[](const auto& given) { return given.show.has_value(); },
     "--show sends nothing: use smtp-source"},
    {[](const auto& given) { return given.counter; },
     "-c counts the messages of one process: use --summary or --json"},
    {[](const auto& given) { return given.logs() || given.stamp.has_value(); },
     "--log and --stamp write a file for each process: use smtp-source --part"},
};

}  // namespace

SourceArguments read_fleet_arguments(int argc, const char* const* argv) {
  SourceArguments given = read_source_arguments(argc, argv);
  for (const Refusal& one : kRefusals) {
    if (one.given(given)) throw Fatal(one.why);
  }
  given.report.imply_summary();
  return given;
}

}  // namespace millrace::cli
