#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/fleet_report.h"
#include "fleet/lead.h"
#include "report/run.h"
#include "source/find_capacity.h"

namespace millrace::cli {

// A probe that all ranks are to make, as rank 0 tells the others. Reading throws what the JSON
// library does.
std::string to_letter(const source::ProbeOrder& order);
source::ProbeOrder read_order(const std::string& text);

// The probes of a search that all ranks make together.
class FleetProbes {
 public:
  // What all of them have measured in one, as one run; interrupted, where a rank sent no report,
  // and failed, where what one sent could not be read or does not fit. The generator was late where
  // that of any rank was, which is named, or those of all together. `of_probe`: the options of
  // rank 0.
  source::ProbeRun take(RankReport own, const std::vector<fleet::RankState>& ranks,
                        const source::SourceOptions& of_probe);

  // The report of a search but for what was measured and found: that of the probe of which the
  // result is, with a word on each rank that failed or was gone in the end (`ranks`): whether the
  // search has ended for that, or had its answer.
  [[nodiscard]] report::Run describe(const source::CapacityResult& result,
                                     const std::vector<fleet::RankState>& ranks) const;

 private:
  std::vector<report::Run> runs_;  // by number; nothing measured is in them
};

}  // namespace millrace::cli
