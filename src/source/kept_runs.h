#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "source/capacity_search.h"
#include "source/source.h"

namespace millrace::source {

// A probe of a search that is over, and what it was.
struct EndedProbe {
  double level = 0;
  bool held = false;         // all that was asked for held in it
  std::uint64_t number = 0;  // from 0
  Result run;
};

// Keeps the runs of a search of which one will be that of its answer: since an answer may be taken
// back for a lower level, the last that held of each level that may become it. As a search doubles
// levels and halves what is between them, these are some dozens at most.
class KeptRuns {
 public:
  // A probe is over, behind which the answer is `so_far` (CapacitySearch::so_far()).
  void take(EndedProbe&& probe, const CapacityAnswer& so_far);

  // The last one that held of the level that is the answer; of none, the last one of all. Not
  // before there is one.
  [[nodiscard]] EndedProbe& of(const CapacityAnswer& answer);
  // How many are kept: each holds some histograms.
  [[nodiscard]] std::size_t size() const { return runs_.size(); }

 private:
  std::vector<EndedProbe> runs_;  // in their order
};

}  // namespace millrace::source
