#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/lint_metrics.h"
#include "sink/lint/deferrals.h"
#include "sink/lint/finding.h"
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
  [[nodiscard]] const smtp::GivenReply& refusal(SessionFindings::Objection objection) const;

  // From any thread.
  [[nodiscard]] Deferrals& deferrals() { return deferrals_; }
  // From any thread: a session is over. `hello`: as whom its client said hello, printable.
  void add(const std::string& address, const std::string& hello, const SessionFindings& findings);
  // From any thread: what was found so far.
  [[nodiscard]] metrics::LintMetrics found();

  // All workers are done: tells in a line what was found.
  void finish();

 private:
  using Times = std::array<std::uint64_t, kFindingCount>;
  struct Total {
    std::uint64_t times = 0;
    std::uint64_t sessions = 0;
    std::string sample;
    std::string client;
  };
  struct Client {
    std::uint64_t sessions = 0;
    Times times{};
  };

  void add_client(const std::string& address, const std::string& hello,
                  const SessionFindings& findings);

  const LintMode mode_;
  std::array<smtp::GivenReply, kFindingCount> refusals_;
  std::array<smtp::GivenReply, kOtherCodes.size()> other_refusals_;
  Deferrals deferrals_;
  std::mutex mutex_;  // over the next
  std::uint64_t sessions_ = 0;
  std::uint64_t faulty_ = 0;
  std::uint64_t untold_ = 0;
  std::array<Total, kFindingCount> totals_;
  std::map<std::pair<std::string, std::string>, Client> clients_;
};

// What the line says.
std::string describe(const metrics::LintMetrics& found);

}  // namespace millrace::sink
