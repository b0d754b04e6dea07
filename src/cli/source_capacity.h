#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/capacity.h"
#include "report/threshold.h"
#include "source/find_capacity.h"

namespace millrace::cli {

class CommandLine;
struct SourceArguments;
struct SourceCommandLine;

// From which level to which a capacity is searched.
struct LevelRange {
  double low = 0;
  double high = 0;
};

// A search for a capacity: what is searched, and what a server must hold.
struct CapacityOrder {
  source::CapacityTask task;
  std::vector<report::Threshold> objective;
};

// The options of smtp-source(1) about the search for a capacity.
void add_capacity_options(CommandLine& line, SourceArguments& given);

// Nothing when none is searched.
std::optional<CapacityOrder> build_capacity(const SourceArguments& given);

// The search in words, as describe_load() has the load.
std::vector<std::pair<std::string, std::string>> describe_search(const SourceCommandLine& line);

// Collects what the probes find, as reports tell it.
class CapacityReport {
 public:
  // `order` must outlive it.
  explicit CapacityReport(const CapacityOrder& order);

  // What the terms say of what a probe measured (source::CapacityCallbacks::judge).
  [[nodiscard]] source::Judgement judge(const metrics::Measurement& measurement) const;
  // A probe is over (source::CapacityCallbacks::told); says what was found.
  std::string take(const source::Probe& probe, source::ProbeOutcome outcome,
                   const metrics::Measurement& measurement, const std::string& reason);
  [[nodiscard]] report::Capacity finish(const source::CapacityAnswer& answer);

 private:
  [[nodiscard]] std::vector<report::Verdict> verdicts(
      const metrics::Measurement& measurement) const;

  const CapacityOrder& order_;
  report::Capacity capacity_;
};

}  // namespace millrace::cli
