#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proof/fault.h"
#include "proof/reconciliation.h"

namespace millrace::report {

// What there has to be for a word to be found. Where it is missing, that there is none of the word
// proves nothing.
enum class Evidence : std::uint8_t {
  sent,      // anything in the journals of what was sent
  accepted,  // a message that was accepted
  decided,   // the same, and none of them is undecided
  answered,  // the same, or one in doubt that came or bounced
  arrived,   // a copy
};

// A word for what became of messages that were not simply delivered: --fail-on has it, each row of
// the table of faults, and the counts of every face.
struct FaultWord {
  std::string_view word;    // "in-doubt"
  std::string_view said;    // in sentences: "in doubt"
  std::string_view member;  // in JSON: "in_doubt"
  std::uint64_t (*count)(const proof::ProofCounts& counts);
  // Whether it is so of a fault, one of which may have several. None: such are no faults.
  bool (*is)(const proof::Fault& fault);
  Evidence evidence;
};
constexpr std::size_t kFaultWords = 10;

// The worst first.
const std::array<FaultWord, kFaultWords>& fault_words();

// How a copy compares with what was sent, or why nobody knows: "headers-added", "forged".
std::string_view comparison_name(proof::TakenVerdict comparison);

// A time of a fault: "2026-11-26T10:57:43.123456Z" (RFC 3339); empty where there is none.
std::string utc_time(proof::Micros since_1970);

// Keeps the first faults of each sort (proof/fault.h), so that many of one leave room for the
// others.
class FirstFaults {
 public:
  static constexpr std::size_t kMost = 20;  // of each sort

  void add(const proof::Fault& fault);
  // Those of the worst word first.
  [[nodiscard]] std::vector<proof::Fault> take();

 private:
  std::array<std::size_t, proof::kFaultSorts> kept_{};
  std::vector<proof::Fault> faults_;
};

}  // namespace millrace::report
