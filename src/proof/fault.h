#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proof/conclusion.h"
#include "proof/journals.h"
#include "proof/run_id.h"

namespace millrace::proof {

// Faults of one sort have the same words (lost; duplicated and late), and what no source of these
// has sent is of a sort by why that is not known. Where only some faults are told, of each sort
// some are.
constexpr std::size_t kFaultSorts = kVerdicts * 8 + 3;
[[nodiscard]] std::size_t sort_of(const Conclusion& conclusion);
[[nodiscard]] std::size_t sort_of_stray(TakenVerdict verdict);

// A conclusion that somebody should look at: all but what was delivered in order, refused and never
// sent. Times are UTC in microseconds since 1970, by the clock of the first source; 0 where there
// is none. Texts are others' words.
struct Fault {
  std::size_t sort = 0;  // below kFaultSorts
  Verdict verdict = Verdict::unexpected;
  std::uint32_t copies = 0;
  std::uint32_t surplus = 0;
  bool late = false;
  TakenVerdict comparison = TakenVerdict::same;
  std::string run;            // as to_text() has it; empty where it is not known
  std::uint64_t message = 0;  // means nothing where the comparison found no stamp to believe
  std::uint16_t recipient = kUnknownRecipient;
  std::string kind;    // as in Reconciliation::by_kind
  std::string domain;  // as in by_domain
  std::uint16_t code = 0;
  std::string sent_text;   // the queue id, or why not
  std::string taken_text;  // of the first copy
  std::string taken_in;    // the path of the journal that has it
  Micros due{};
  Micros sent{};
  Micros acknowledged{};
  Micros taken{};
};

// Whether somebody should look at it.
[[nodiscard]] bool is_fault(const Conclusion& conclusion);

// Of a message of the source `from`; without the names of kind and domain.
Fault fault_of(const Conclusion& conclusion, const Journal& from, std::uint64_t message,
               const std::vector<Journal>& taken);

// Of what no source of these has sent: `record` with its time on the axis, `run` as the journal has
// it, empty: none.
Fault stray(const TakenRecord& record, std::string_view run, const Journal& journal,
            std::uint64_t text);

}  // namespace millrace::proof
