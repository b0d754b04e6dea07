#pragma once

#include <string>
#include <vector>

#include "fleet/lead.h"
#include "report/run.h"

namespace millrace::cli {

// What a rank has of a run, or all of them together.
struct RankReport {
  bool well = false;  // all went as it should
  report::Run run;
};

// As it goes to rank 0.
std::string to_letter(const RankReport& report);

// The reports of all ranks as one. `own`: that of rank 0. `ranks`: what it knows of the others, by
// rank. Says on standard error which of them the report is without; then it is not well.
RankReport put_together(RankReport own, const std::vector<fleet::RankState>& ranks);

}  // namespace millrace::cli
