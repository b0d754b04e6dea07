#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "proof/fault.h"
#include "proof/reconciliation.h"

namespace millrace::proof {

struct ReconcileOptions {
  // Of all that grows with the number of records; what has no room is spilled.
  static constexpr std::size_t kMemory = std::size_t{768} << 20;

  Micros late_after{60'000'000};  // in the server, from its yes to the first copy
  // What is added to times of sinks whose clock is not that of the first source, and of sources
  // with theirs.
  Micros clock_offset{0};
  std::size_t memory = kMemory;
  std::string directory;                    // for what is spilled (spill_file.h)
  std::function<void(const Fault&)> fault;  // is told of them; empty: nobody
  std::size_t most_faults = std::numeric_limits<std::size_t>::max();  // of each sort, that it is
};

// So many journals of each side can be read together.
constexpr std::size_t kMostSentJournals = 255;
constexpr std::size_t kMostTakenJournals = 1'000;

// Concludes from all journals of the sources and of the sinks what became of each message for each
// recipient. Throws Fatal where one cannot be read, two are of the same run, or a sink's has
// nothing of these sources and something of others.
Reconciliation reconcile(const std::vector<std::string>& sent,
                         const std::vector<std::string>& taken, const ReconcileOptions& options);

}  // namespace millrace::proof
