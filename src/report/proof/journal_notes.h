#pragma once

#include <string>
#include <vector>

#include "report/proof/proof_report.h"

namespace millrace::report {

// What the reader of a report has to know of the journals it was made of, a line each.
struct JournalNote {
  std::string text;
  bool warning = false;  // something could not be known
};

// Which broke off and what follows from that, whether tags were checked, and how the clocks agree.
std::vector<JournalNote> journal_notes(const ProofReport& report);

}  // namespace millrace::report
