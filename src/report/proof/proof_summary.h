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

// Whether all that was accepted arrived once, unaltered and in time, and nothing was accepted that
// the journals may not tell of.
bool is_good(const proof::Reconciliation& result);

// Why that there is none of `word` proves nothing, as "nothing was accepted, so nothing is proven":
// part of a sentence. Empty where it could have been found.
std::string unproven(const proof::Reconciliation& result, const FaultWord& word);

// What is counted: "message", or "delivery" where messages have several recipients.
std::string unit(const proof::Reconciliation& result, std::uint64_t number);

}  // namespace millrace::report
