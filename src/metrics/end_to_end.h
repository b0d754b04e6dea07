#pragma once

#include <cstdint>

#include "metrics/histogram.h"

namespace millrace::metrics {

// What became behind the server of what a source's server accepted, as the journals of sinks on the
// same host tell (doc/proof.md). A copy is a message for one recipient.
struct EndToEnd {
  // Of messages that were due in stages that are measured: copies that the server accepted, those
  // of them that arrived at a sink, and those of which a bounce came instead. What is neither had
  // not arrived when the source waited no longer.
  std::uint64_t accepted = 0;
  std::uint64_t arrived = 0;
  std::uint64_t bounced = 0;
  // Copies of the whole run, warm-up and all, that the server had accepted and that were neither
  // there nor bounced at the end of the schedule, or of the run where that came first.
  std::uint64_t backlog = 0;
  Histogram latency;  // of those that arrived: from when they were due

  [[nodiscard]] std::uint64_t not_arrived() const { return accepted - arrived; }
  // Their share of what was accepted, 0 to 1.
  [[nodiscard]] double missing_share() const;

  // Of another source.
  void add(const EndToEnd& other);
};

}  // namespace millrace::metrics
