#pragma once

#include <string>
#include <string_view>

#include "report/proof/fault_words.h"
#include "report/proof/proof_report.h"
#include "report/text.h"

namespace millrace::report {

// What became of every message, on one screen: a sentence of verdict, counts, how contents compare,
// latencies end to end, kinds and domains where there are several, and what the journals and their
// clocks leave open.
std::string summary(const ProofReport& report, const Style& style);

// The sentence alone.
std::string verdict(const ProofReport& report);

// What was missing for `word` to be found, as "was accepted": nothing was, and so that there is
// none of it proves nothing. Empty where there was something of which it could have been so.
std::string_view unproven(const proof::Reconciliation& result, const FaultWord& word);

// What is counted: "message", or "delivery" where messages have several recipients.
std::string unit(const proof::Reconciliation& result, std::uint64_t number);

}  // namespace millrace::report
