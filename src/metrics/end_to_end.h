#pragma once

#include <cstdint>
#include <optional>

#include "metrics/histogram.h"

namespace millrace::metrics {

// What became behind the server of what a source's server accepted, as the journals of sinks on the
// same host tell (doc/proof.md). A copy is a message for one recipient.
struct EndToEnd {
  // Of messages that were due in stages that are measured: all copies, whatever became of them;
  // those of them that the server accepted; those of these that arrived at a sink, and those of
  // which a bounce came instead. What is neither had not arrived when the source waited no longer.
  std::uint64_t asked = 0;
  std::uint64_t accepted = 0;
  std::uint64_t arrived = 0;
  std::uint64_t bounced = 0;
  // Copies of the whole run, warm-up and all, that the server had accepted and that were neither
  // there nor bounced at the end of the schedule, or of the run where that came first.
  std::uint64_t backlog = 0;
  Histogram latency;  // of those that arrived: from when they were due

  // Of those that were accepted.
  [[nodiscard]] std::uint64_t not_arrived() const { return accepted - arrived; }
  // Of those, what is not known to have bounced either.
  [[nodiscard]] std::uint64_t missing() const { return not_arrived() - bounced; }
  // The share of what did not arrive, accepted or not, of all that was asked for; 0 to 1.
  [[nodiscard]] double missing_share() const;
  // The percentile (0 to 1) of all that was asked for, in microseconds: what did not arrive is
  // behind the slowest that did. Nothing where it lies there.
  [[nodiscard]] std::optional<std::uint64_t> percentile(double share) const;

  // Besides the messages whose copies were told of, `begun` of them, no session turned to some that
  // were due, of which nobody has counted the copies: they have as many as the others on average.
  void ask_unbegun(std::uint64_t begun, std::uint64_t unbegun);

  // Of another source.
  void add(const EndToEnd& other);
};

}  // namespace millrace::metrics
