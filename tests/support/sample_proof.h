#pragma once

#include <chrono>

#include "proof/fault.h"
#include "proof/reconciliation.h"

namespace millrace::test {

// As no reconciliation makes them, but with some of each that faces of it tell of.
inline proof::ProofCounts counts_of_everything() {
  return {.by_verdict = {960, 20, 15, 5, 3, 2, 7, 4, 30},
          .accepted = 1'000,
          .in_order = 900,
          .late = 11,
          .duplicated = 12,
          .surplus_copies = 14,
          .altered = 13,
          .by_comparison = {900, 5, 4, 3, 2, 6, 1, 0, 6, 8, 9, 10},
          .other_run = 9,
          .unstamped = 8,
          .forged = 10};
}

// A message that came twice, and late.
inline proof::Fault late_twice() {
  constexpr proof::Micros kSecond = std::chrono::seconds(1);
  return {.verdict = proof::Verdict::delivered,
          .copies = 2,
          .surplus = 1,
          .late = true,
          .run = "07",
          .message = 42,
          .recipient = 1,
          .kind = "letter",
          .domain = "a.test",
          .code = 250,
          .sent_text = "Q",
          .taken_text = "S",
          .taken_in = "got",
          .due = kSecond,
          .sent = 2 * kSecond,
          .acknowledged = 3 * kSecond,
          .taken = 4 * kSecond};
}

}  // namespace millrace::test
