#pragma once

#include <optional>

#include "source/source.h"

namespace millrace::source {

// Keeps the run of a search that says most of what has been found so far.
class KeptRun {
 public:
  // A probe is over. `held`: all that was asked for held in it. `best`: the level that is the
  // answer by what is known now (CapacitySearch::so_far()). Whether its run is kept.
  bool take(double level, bool held, std::optional<double> best, Result&& run);

  // The last one of the level that is the answer; of none, the last one.
  [[nodiscard]] Result& run() { return run_; }

 private:
  Result run_;
  std::optional<double> level_;  // that held in it, where it is the answer
};

}  // namespace millrace::source
