#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "cli/report_options.h"
#include "cli/source_capacity.h"
#include "source/options.h"

namespace millrace::cli {

class CommandLine;
struct SourceArguments;

// What the command line asks for.
struct SourceCommandLine {
  source::SourceOptions source;
  ReportOptions report;
  std::optional<std::uint64_t> show;      // only this message is asked for
  std::optional<CapacityOrder> capacity;  // is searched, by runs of which `source` says the rest
};

// What messages have of where and when they are sent.
struct Surroundings {
  std::string host_name;
  std::time_t now = 0;
  std::uint64_t run = 0;  // makes Message-Ids of different runs differ

  static Surroundings here();
};

// Gives the line the options of smtp-source(1); parsing fills `given`, which must outlive that.
void add_source_options(CommandLine& line, SourceArguments& given);

// The options of smtp-source(1) are read, and then put together. All three throw Fatal with one
// sentence about what is wrong; the first warns of those that show a password or may have been
// meant as another tool's, the second reads the files that are named. `program`: whose help it is.
SourceArguments read_source_arguments(int argc, const char* const* argv,
                                      const std::string& program = "smtp-source");
SourceCommandLine build_source(const SourceArguments& given, const Surroundings& surroundings);
SourceCommandLine parse_source_command_line(int argc, const char* const* argv);

// Tells of a start that is waited for, where a person can see it: a run that seems to do nothing.
void tell_wait(const SourceCommandLine& line);

}  // namespace millrace::cli
