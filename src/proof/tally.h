#pragma once

#include <cstdint>
#include <vector>

#include "proof/conclusion.h"
#include "proof/journals.h"
#include "proof/latency_series.h"
#include "proof/reconciliation.h"

namespace millrace::proof {

// Counts conclusions.
class Tally {
 public:
  // Beyond so many seconds (two weeks) events are only counted.
  static constexpr std::size_t kMostSeconds = std::size_t{14} * 86'400;

  // `start`: of the earliest source, on the axis of all times.
  Tally(Reconciliation& result, Micros start);

  // The groups of its kind and its domain.
  void add(const Conclusion& conclusion, std::uint16_t kind, std::uint16_t domain);
  // Something that no source of these has sent.
  void add_stray(const TakenRecord& record);

  // Names what is by group, and sums the backlog up.
  void finish(const NameGroups& kinds, const NameGroups& domains);

 private:
  void add_latency(const Conclusion& conclusion, std::uint16_t kind, std::uint16_t domain);
  [[nodiscard]] std::size_t second_of(Micros time) const;
  ProofSecond* second(Micros time);
  void count(std::uint64_t ProofSecond::*what, Micros time);

  Reconciliation& result_;
  const Micros start_;
  LatencySeries latencies_;
  std::vector<NamedEndToEnd> kinds_;
  std::vector<NamedEndToEnd> domains_;
};

}  // namespace millrace::proof
