#include "sink/lint/lint_totals.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/diagnostics.h"
#include "base/quantity.h"

namespace millrace::sink {
namespace {

smtp::GivenReply refusal_of(const FindingSpec& row) {
  if (row.code.empty()) return nullptr;
  return smtp::given_reply(
      fmt::format("{} Error: {} ({}: {})\r\n", row.code, row.what, row.name, row.rfc));
}

}  // namespace

LintTotals::LintTotals(LintMode mode) : mode_(mode) {
  for (const FindingSpec& row : kFindings) refusals_[index(row.finding)] = refusal_of(row);
}

void LintTotals::add(const std::string& address, const std::string& hello,
                     const SessionFindings& findings) {
  const std::lock_guard lock(mutex_);
  sums_.add(address, hello, findings);
  if (since_reset_) since_reset_->add(address, hello, findings);
}

metrics::LintMetrics LintTotals::marked(metrics::LintMetrics found) const {
  found.strict = strict();
  return found;
}

metrics::LintMetrics LintTotals::found() {
  const std::lock_guard lock(mutex_);
  return marked(sums_.found());
}

metrics::LintMetrics LintTotals::findings() {
  const std::lock_guard lock(mutex_);
  return marked(sums_.findings());
}

metrics::LintMetrics LintTotals::found_since_reset() {
  const std::lock_guard lock(mutex_);
  return marked(since_reset().found());
}

metrics::LintMetrics LintTotals::findings_since_reset() {
  const std::lock_guard lock(mutex_);
  return marked(since_reset().findings());
}

void LintTotals::reset() {
  const std::lock_guard lock(mutex_);
  since_reset_.emplace();
}

void LintTotals::finish() { inform(describe(found())); }

std::string describe(const metrics::LintMetrics& found) {
  std::string text = fmt::format("lint: {} of {} session{} broke a rule", found.faulty,
                                 found.sessions, plural(found.sessions));
  std::string_view separator = ": ";
  for (const metrics::LintFinding& one : found.findings) {
    text += fmt::format("{}{} {}", separator, one.name, one.times);
    separator = ", ";
  }
  return text;
}

}  // namespace millrace::sink
