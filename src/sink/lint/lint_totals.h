#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>

#include "metrics/lint_metrics.h"
#include "sink/lint/deferrals.h"
#include "sink/lint/finding.h"
#include "sink/lint/lint_sums.h"
#include "sink/lint/session_findings.h"
#include "sink/options.h"
#include "smtp/server_policy.h"

namespace millrace::sink {

// What all workers of a sink that judges have together: what was found so far, by client, and the
// replies that refuse it.
class LintTotals {
 public:
  explicit LintTotals(LintMode mode);

  [[nodiscard]] bool strict() const { return mode_ == LintMode::strict; }
  // The reply that refuses it, which names it; null where it cannot be refused.
  [[nodiscard]] const smtp::GivenReply& refusal(Finding finding) const {
    return refusals_[index(finding)];
  }

  // From any thread.
  [[nodiscard]] Deferrals& deferrals() { return deferrals_; }
  // From any thread: as LintSums::add().
  void add(const std::string& address, const std::string& hello, const SessionFindings& findings);
  // From any thread: what was found so far; and the same without the clients.
  [[nodiscard]] metrics::LintMetrics found();
  [[nodiscard]] metrics::LintMetrics findings();

  // From any thread: the same since the last reset, and that reset.
  [[nodiscard]] metrics::LintMetrics found_since_reset();
  [[nodiscard]] metrics::LintMetrics findings_since_reset();
  void reset();

  // All workers are done: tells in a line what was found.
  void finish();

 private:
  [[nodiscard]] metrics::LintMetrics marked(metrics::LintMetrics found) const;
  [[nodiscard]] const LintSums& since_reset() const { return since_reset_ ? *since_reset_ : sums_; }

  const LintMode mode_;
  std::array<smtp::GivenReply, kFindingCount> refusals_;
  Deferrals deferrals_;
  std::mutex mutex_;  // over the next
  LintSums sums_;
  std::optional<LintSums> since_reset_;  // nothing: there was none
};

// What the line says.
std::string describe(const metrics::LintMetrics& found);

}  // namespace millrace::sink
