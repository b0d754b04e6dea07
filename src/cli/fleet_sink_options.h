#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/sink_arguments.h"
#include "cli/sink_command_line.h"

namespace millrace::cli {

// The options of smtp-sink-mpi: those of smtp-sink(1), of which sinks on many hosts cannot have
// all. Throws Fatal saying what to use instead.
SinkArguments read_fleet_sink_arguments(int argc, const char* const* argv);

// What ends all sinks of a run, by rank 0's options.
struct SinkGoal {
  std::optional<std::uint64_t> messages;
  std::optional<std::uint64_t> quits;
  std::optional<Duration> idle;

  bool operator==(const SinkGoal&) const = default;
};
SinkGoal goal_of(const sink::SinkOptions& options);

// What rank 0 has for all sinks.
struct SinkOpening {
  SinkGoal goal;
  bool counted = false;  // it shows counters

  // Rank 0 has to know what the others have counted so far.
  [[nodiscard]] bool watched() const { return counted || goal.messages || goal.quits || goal.idle; }

  bool operator==(const SinkOpening&) const = default;
};
std::string to_letter(const SinkOpening& opening);
SinkOpening read_sink_opening(const std::string& text);

// What a rank has of options that say what all sinks do together: all that they end at is rank 0's,
// counters are shown by it, each has its part of a rate, and dice of its own.
void take_share(sink::SinkOptions& options, const SinkOpening& opening, unsigned rank,
                unsigned ranks);

}  // namespace millrace::cli
