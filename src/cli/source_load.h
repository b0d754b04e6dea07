#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "source/options.h"

namespace millrace::cli {

// What is said of the load on the command line, before it is checked as a whole.
struct LoadDraft {
  std::optional<std::uint64_t> messages;
  std::optional<unsigned> sessions;
  std::optional<Duration> fixed_pause;
  std::optional<Duration> random_pause;
  std::optional<double> rate;  // a second
  std::optional<source::ArrivalPattern> pattern;
  std::optional<std::uint64_t> seed;  // of the pattern
  std::optional<Duration> duration;
  std::optional<Duration> warmup;
  std::optional<Duration> drain_limit;
  std::optional<std::string> stages;

  // Whether one of the options is used that Postfix's program does not have.
  [[nodiscard]] bool modelled(const source::SourceOptions& options) const;
};

void add_load_options(CommandLine& line, source::SourceOptions& options, LoadDraft& draft);

// Fills in the load, the sessions and what follows from them. Throws Fatal.
void complete_load(source::SourceOptions& options, const LoadDraft& draft);

// What the load came to, for reports: a name and a value each.
std::vector<std::pair<std::string, std::string>> describe_load(
    const source::SourceOptions& options);

// Parts of a run as they are written: "ramp 0-2000/s 30s, hold 2000/s 2m". In
// `are_rates` whether the levels are rates or sessions. Throws Fatal naming what is wrong.
std::vector<source::Stage> parse_stages(const std::string& text, bool& are_rates);

}  // namespace millrace::cli
