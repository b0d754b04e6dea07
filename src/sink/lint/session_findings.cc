#include "sink/lint/session_findings.h"

#include <algorithm>
#include <utility>

#include "base/printable.h"

namespace millrace::sink {

void SessionFindings::add(Finding finding, std::string_view sample) {
  object(finding);
  const auto same = [finding](const Found& one) { return one.finding == finding; };
  const auto found = std::find_if(all_.begin(), all_.end(), same);
  if (found != all_.end()) {
    ++found->times;
    return;
  }
  all_.push_back({.finding = finding,
                  .times = 1,
                  .sample = printable(beginning(first_line(sample), kSample), Charset::utf8)});
}

void SessionFindings::object(Finding finding) {
  if (!refusable_ && !spec(finding).code.empty()) refusable_ = finding;
}

std::optional<Finding> SessionFindings::take_refusable() {
  return std::exchange(refusable_, std::nullopt);
}

}  // namespace millrace::sink
