#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "proof/run_id.h"
#include "sink/verify/seen_numbers.h"

namespace millrace::sink {

// How far a run has come at this sink. Its messages have numbers from 0: those below the highest
// that has come, and that have not come themselves, are missing so far. They may be on their way,
// refused, never sent, or lost: the journals of both sides tell.
struct RunProgress {
  proof::RunId run;
  std::uint64_t come = 0;    // messages, each once
  std::uint64_t beyond = 0;  // one more than the highest number of them

  [[nodiscard]] std::uint64_t missing() const { return beyond - come; }

  // Message `number` has come, for the first time.
  void take(const proof::RunId& of, std::uint64_t number) {
    run = of;
    ++come;
    beyond = std::max(beyond, number + 1);
  }
  // What another thread has of the same run.
  void add(const RunProgress& other) {
    if (other.come > 0) run = other.run;
    come += other.come;
    beyond = std::max(beyond, other.beyond);
  }
};

// Of the runs that SeenNumbers knows, in the order of their numbers in the journal.
using RunsProgress = std::array<RunProgress, SeenNumbers::kRuns>;

}  // namespace millrace::sink
