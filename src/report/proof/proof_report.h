// report/proof/ is the faces of what became of every message: text, JSON, a table of faults, a
// page.
#pragma once

#include <string>
#include <vector>

#include "proof/fault.h"
#include "proof/reconciliation.h"

namespace millrace::report {

// What journals of both sides came to, and how it was asked for.
struct ProofReport {
  std::string program;  // "smtp-report (Millrace) 1.0"
  std::vector<std::string> command_line;
  proof::Micros late_after{};
  proof::Micros clock_offset{};  // was added to times of sinks with another clock, and their hosts
  proof::Reconciliation result;
  std::vector<proof::Fault> first_faults;  // some of each word
};

}  // namespace millrace::report
