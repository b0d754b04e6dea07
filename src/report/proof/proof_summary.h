#pragma once

#include <string>

#include "report/proof/proof_report.h"
#include "report/text.h"

namespace millrace::report {

// What became of every message, on one screen: a sentence of verdict, counts, how contents compare,
// latencies end to end, kinds and domains where there are several, and what the journals and their
// clocks leave open.
std::string summary(const ProofReport& report, const Style& style);

// The sentence alone.
std::string verdict(const ProofReport& report);

// What is counted: "message", or "delivery" where messages have several recipients.
std::string unit(const proof::Reconciliation& result, std::uint64_t number);

}  // namespace millrace::report
