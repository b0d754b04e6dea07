#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "source/options.h"
#include "source/schedule.h"

namespace millrace::cli {

struct SourceArguments;

// The options of smtp-source(1) about how many messages are sent when.
void add_load_options(CommandLine& line, SourceArguments& given);

// Fills in the load, the sessions and what follows from them. The message must be there already:
// its run is the seed of arrivals, unless one was given.
void build_load(const SourceArguments& given, source::SourceOptions& options);

// What the load came to, for reports: a name and a value each.
std::vector<std::pair<std::string, std::string>> describe_load(
    const source::SourceOptions& options);

// More sessions are nobody's.
inline constexpr double kMostSessions = 1'000'000;

// The parts of a run.
struct Stages {
  std::vector<source::Stage> stages;
  bool of_rates = false;  // else of sessions
};

// Reads them as they are written: "ramp 0-2000/s 30s, hold 2000/s 2m".
Stages read_stages(const std::string& text, std::string_view names);

}  // namespace millrace::cli
