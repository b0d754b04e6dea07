#include "sink/lint/session_findings.h"

#include <algorithm>
#include <utility>

#include "base/printable.h"

namespace millrace::sink {

void SessionFindings::add(Finding finding, std::string_view sample, About about) {
  object({.finding = finding, .about = about});
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

void SessionFindings::object(Objection objection) {
  if (!refusable_ && !spec(objection.finding).code.empty()) refusable_ = objection;
}

std::optional<SessionFindings::Objection> SessionFindings::take_refusable() {
  return std::exchange(refusable_, std::nullopt);
}

}  // namespace millrace::sink
