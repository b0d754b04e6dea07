#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/histogram.h"
#include "proof/conclusion.h"
#include "proof/run_id.h"

namespace millrace::proof {

// All counts are of (message, recipient). The sums: `by_verdict` over all verdicts is all of them,
// and accepted = delivered + lost + bounced + undecided, but for bounces of what was in doubt.
struct ProofCounts {
  std::array<std::uint64_t, kVerdicts> by_verdict{};
  std::uint64_t accepted = 0;  // by the server
  // Of the delivered: one copy (or as many as its source cannot exclude), in time and unaltered.
  std::uint64_t in_order = 0;
  // Of those that were delivered or in doubt and seen; one may be several of these.
  std::uint64_t late = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t surplus_copies = 0;  // how many too many, of all of those
  std::uint64_t altered = 0;
  std::array<std::uint64_t, kTakenVerdicts> by_comparison{};  // the worst of its copies
  // Of the unexpected: what no source of these has sent. Each arrival counts.
  std::uint64_t other_run = 0;
  std::uint64_t unstamped = 0;
  std::uint64_t forged = 0;  // malformed stamps too

  [[nodiscard]] std::uint64_t of(Verdict verdict) const {
    return by_verdict[static_cast<std::size_t>(verdict)];
  }
};

// From three moments to the arrival of the first copy, of what was delivered.
struct EndToEnd {
  metrics::Histogram due;
  metrics::Histogram sent;
  metrics::Histogram acknowledged;  // nothing where it arrived before its source had the reply
};

// The same of a kind of message, or of the recipients of a domain, and what it is short of.
struct NamedEndToEnd {
  std::string name;
  std::uint64_t accepted = 0;
  std::uint64_t lost = 0;
  std::uint64_t faults = 0;  // all of them, of what its source says anything of
  EndToEnd latency;
};

// A second of the run, from the start of the earliest source.
struct ProofSecond {
  std::uint64_t accepted = 0;  // replies that came in it
  std::uint64_t arrived = 0;   // first copies of what was accepted
  std::int64_t backlog = 0;    // at its end: what the server had accepted and not delivered
  std::uint64_t faults = 0;  // that began in it: when it was taken, or answered where it never was
};

// A part of the run, by when first copies arrived: how long they had taken from due, in
// microseconds to within a sixteenth.
struct LatencyRow {
  std::uint64_t second = 0;  // in which it begins
  std::uint64_t count = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t most = 0;
};

// What is to be said of a journal that was read.
struct JournalRead {
  std::string path;
  RunId run;
  std::uint64_t records = 0;
  bool broke_off = false;      // it was not closed in order
  std::uint64_t left_out = 0;  // bytes of a last block that was not whole
  bool one_clock = true;       // its times compare exactly with those of the first source
  Micros offset{};             // that was added to them, as to those of all journals of its boot
  // Of a sink: it had no key, and believed every tag.
  bool unchecked = false;
  // Of a sink: it met stamps, and held all of them for forged.
  bool forged_only = false;
  // Of a source: no sink has met its run.
  bool unseen = false;
  // Of a sink: the shortest way from sent to the first copy, of messages that were sent once, and
  // by another clock than its own, unless that is the first source's.
  // Nothing arrives before it is sent: so the sink's clock is ahead by no more than this, and less
  // than nothing means that it is behind by as much at least.
  std::optional<Micros> shortest;
};

// What became of every message.
struct Reconciliation {
  std::vector<JournalRead> sent;
  std::vector<JournalRead> taken;
  std::uint64_t messages = 0;  // of which anything is said and that have a stamp of these sources
  // Of those, messages of which copies do not say for whom they are (MessageFold::whose_unknown).
  std::uint64_t whose_unknown = 0;
  ProofCounts counts;
  EndToEnd latency;
  std::vector<NamedEndToEnd> by_kind;
  std::vector<NamedEndToEnd> by_domain;
  std::vector<ProofSecond> series;
  std::uint64_t beyond_series = 0;  // events later than it is long
  std::uint64_t faults = 0;         // all of them
  std::uint64_t faults_told = 0;    // of those, as many as were asked for
  // Where nothing arrived in a row there is none.
  std::vector<LatencyRow> latency_series;
  std::uint64_t latency_row_seconds = 1;  // how long each of them is
  Micros start{};                         // of the earliest source, by the clock of the first, UTC
  // Whether what is in no journal of a sink did not arrive; else it is undecided.
  bool all_taken = true;
  std::size_t spills = 0;  // times that memory did not do
};

}  // namespace millrace::proof
