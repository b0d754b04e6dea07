#include "source/end_to_end_match.h"

#include <algorithm>
#include <utility>

namespace millrace::source {
namespace {

// The one of a message that was first; the end where there is none.
template <typename Map, typename Moment>
auto earliest(Map& map, std::uint64_t message, Moment moment) {
  const auto [first, last] = map.equal_range(message);
  if (first == last) return map.end();
  return std::min_element(first, last, [&](const auto& one, const auto& other) {
    return one.second.*moment < other.second.*moment;
  });
}

}  // namespace

void EndToEndMatch::begin(TimePoint end) {
  end_ = end;
  accepted_.clear();
  early_.clear();
  waiting_ = 0;
  found_ = {};
}

void EndToEndMatch::accepted(const AcceptedCopies& copies) {
  AcceptedCopies left = copies;
  if (left.measured) found_.accepted += left.copies;
  for (; left.copies > 0; --left.copies) {
    const auto arrived = earliest(early_, left.message, &Arrived::at);
    if (arrived == early_.end()) break;
    settle(left, arrived->second);
    early_.erase(arrived);
  }
  if (left.copies == 0) return;
  waiting_ += left.copies;
  accepted_.emplace(left.message, left);
}

void EndToEndMatch::arrived(std::uint64_t message, TimePoint at, bool bounced) {
  const auto copies = earliest(accepted_, message, &AcceptedCopies::accepted);
  if (copies == accepted_.end()) {
    early_.emplace(message, Arrived{.at = at, .bounced = bounced});
    return;
  }
  settle(copies->second, {.at = at, .bounced = bounced});
  --waiting_;
  if (--copies->second.copies == 0) accepted_.erase(copies);
}

void EndToEndMatch::settle(const AcceptedCopies& copies, const Arrived& arrived) {
  if (copies.accepted <= end_ && arrived.at > end_) ++found_.backlog;
  if (!copies.measured) return;
  if (arrived.bounced) {
    ++found_.bounced;
    return;
  }
  ++found_.arrived;
  found_.latency.record(std::max(arrived.at - copies.due, Duration::zero()));
}

void EndToEndMatch::over(TimePoint at) { end_ = std::min(end_, at); }

metrics::EndToEnd EndToEndMatch::finish() {
  for (const auto& [message, copies] : accepted_) {
    if (copies.accepted <= end_) found_.backlog += copies.copies;
  }
  accepted_.clear();
  early_.clear();
  return std::exchange(found_, {});
}

}  // namespace millrace::source
