#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/fleet_sink_options.h"
#include "fleet/lead.h"
#include "sink/fellows.h"

namespace millrace::cli {

// What a sink of several, or all of them together, has counted so far.
struct SinkCounts {
  std::uint64_t sessions = 0;     // ended
  std::uint64_t quits = 0;        // of them, that said QUIT
  std::uint64_t messages = 0;     // read to their end and answered
  bool busy = false;              // sink::SinkState::busy
  std::optional<Duration> quiet;  // since the last client went; nothing where none came

  // Of another one.
  void add(const SinkCounts& other);
  // As -c shows them.
  [[nodiscard]] std::string shown() const;

  bool operator==(const SinkCounts&) const = default;
};

SinkCounts counts_of(const sink::SinkState& state, TimePoint now);

// As rank 0 is told of them.
std::string to_letter(const SinkCounts& counts);
// Nothing of a text that is none.
std::optional<SinkCounts> read_counts(std::string_view text);

// `own` and what others had counted when they told so last.
SinkCounts count_all(const SinkCounts& own, const std::vector<fleet::RankState>& ranks,
                     TimePoint now);

// All that was to be taken is taken.
bool reached(const SinkGoal& goal, const SinkCounts& all);

}  // namespace millrace::cli
