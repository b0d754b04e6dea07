#include "source/end_to_end_match.h"

namespace millrace::source {
namespace {

// The one of a message that was first; the end where there is none.
template <typename Map>
auto earliest(Map& map, std::uint64_t message) {
  const auto first = map.lower_bound({message, TimePoint::min()});
  return first != map.end() && first->first.first == message ? first : map.end();
}

}  // namespace

void EndToEndMatch::begin() {
  accepted_.clear();
  early_.clear();
  early_order_.clear();
  late_ = {};
  not_over_at_ = TimePoint::min();
  over_by_ = TimePoint::max();
  last_accepted_ = TimePoint::min();
  waiting_ = 0;
  forgotten_ = 0;
  found_ = {};
}

void EndToEndMatch::accepted(const AcceptedCopies& copies) {
  AcceptedCopies left = copies;
  last_accepted_ = std::max(last_accepted_, left.accepted);
  if (left.measured) found_.accepted += left.copies;
  for (; left.copies > 0; --left.copies) {
    const auto arrived = earliest(early_, left.message);
    if (arrived == early_.end()) break;
    settle(left, arrived->first.second, arrived->second.bounced);
    forget(arrived);
  }
  if (left.copies == 0) return;
  waiting_ += left.copies;
  accepted_.emplace(Key{left.message, left.accepted}, left);
}

void EndToEndMatch::arrived(std::uint64_t message, TimePoint at, bool bounced) {
  const auto copies = earliest(accepted_, message);
  if (copies == accepted_.end()) return remember(message, at, bounced);
  settle(copies->second, at, bounced);
  --waiting_;
  if (--copies->second.copies == 0) accepted_.erase(copies);
}

// The oldest makes room: what a worker has not told of yet came a moment ago.
void EndToEndMatch::remember(std::uint64_t message, TimePoint at, bool bounced) {
  const auto place = early_order_.emplace(early_order_.end(), message, at);
  early_.emplace(*place, Early{.bounced = bounced, .place = place});
  if (early_.size() <= most_early_) return;
  forget(early_.find(early_order_.front()));
  ++forgotten_;
}

void EndToEndMatch::forget(std::multimap<Key, Early>::iterator arrival) {
  early_order_.erase(arrival->second.place);
  early_.erase(arrival);
}

void EndToEndMatch::settle(const AcceptedCopies& copies, TimePoint at, bool bounced) {
  decide_backlog(copies.accepted, at);
  if (!copies.measured) return;
  if (bounced) {
    ++found_.bounced;
    return;
  }
  ++found_.arrived;
  found_.latency.record(std::max(at - copies.due, Duration::zero()));
}

// Remembers it where that is not known yet.
void EndToEndMatch::decide_backlog(TimePoint accepted, TimePoint arrived) {
  const bool may_be = arrived > not_over_at_ && accepted < arrived && accepted <= over_by_;
  if (!may_be) return;
  if (arrived > over_by_ && accepted <= not_over_at_) {
    ++found_.backlog;
  } else {
    late_.emplace(arrived, accepted);
  }
}

void EndToEndMatch::not_over_at(TimePoint moment) {
  not_over_at_ = std::max(not_over_at_, moment);
  while (!late_.empty() && late_.top().first <= not_over_at_) late_.pop();
}

metrics::EndToEnd EndToEndMatch::finish(TimePoint end) {
  for (; !late_.empty(); late_.pop()) {
    const auto [arrived, accepted] = late_.top();
    if (accepted <= end && arrived > end) ++found_.backlog;
  }
  for (const auto& [key, copies] : accepted_) {
    if (copies.accepted <= end) found_.backlog += copies.copies;
  }
  metrics::EndToEnd found = found_;
  const std::uint64_t left = waiting_;
  const std::uint64_t forgotten = forgotten_;
  begin();
  waiting_ = left;
  forgotten_ = forgotten;
  return found;
}

}  // namespace millrace::source
