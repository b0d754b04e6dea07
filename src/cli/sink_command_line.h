#pragma once

#include "cli/report_options.h"
#include "report/run.h"
#include "sink/options.h"

namespace millrace::cli {

class CommandLine;
struct SinkArguments;

// What the command line asks for.
struct SinkCommandLine {
  sink::SinkOptions sink;
  ReportOptions report;
  bool check_rules = false;  // nothing else is done
};

// Gives the line the options of smtp-sink(1); parsing fills `given`, which must outlive that.
void add_sink_options(CommandLine& line, SinkArguments& given);

// The options of smtp-sink(1) are read, and then put together. All three throw Fatal with one
// sentence about what is wrong; the second reads the files that are named.
SinkArguments read_sink_arguments(int argc, const char* const* argv,
                                  const std::string& program = "smtp-sink");
SinkCommandLine build_sink(const SinkArguments& given);
SinkCommandLine parse_sink_command_line(int argc, const char* const* argv);

// The setting of a sink's run that says where it listens.
inline constexpr const char* kPlacesSetting = "at";

// A run of a sink with what is known of it before it begins.
report::Run describe_sink(const sink::SinkOptions& options, int argc, const char* const* argv);

}  // namespace millrace::cli
