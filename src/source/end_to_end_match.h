#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <queue>
#include <utility>
#include <vector>

#include "base/time.h"
#include "metrics/end_to_end.h"

namespace millrace::source {

// Copies of a message that the server accepted at one moment, in one attempt.
struct AcceptedCopies {
  std::uint64_t message = 0;
  std::uint64_t copies = 0;  // recipients
  TimePoint due;
  TimePoint accepted;
  bool measured = true;  // it was due in a stage that is
};

// Finds for each copy that the server accepted when it arrived at a sink, whichever of the two is
// known first. Copies of one message are not told apart: those that arrive first are those that
// were accepted first, and what comes beyond all that were accepted is a duplicate, which counts
// nowhere. Knows no clock and no thread. Its memory is messages_waiting(), undecided(), and at
// most kMostEarly of what arrived and is not known to have been accepted.
class EndToEndMatch {
 public:
  static constexpr std::size_t kMostEarly = 1'000'000;

  // `most_early`: as kMostEarly.
  explicit EndToEndMatch(std::size_t most_early = kMostEarly) : most_early_(most_early) {}

  // A run begins. What is still missing of another is forgotten; its messages have other numbers.
  void begin();

  // So many copies of a message that is measured were asked for, whatever becomes of them.
  void asked(std::uint64_t copies) { found_.asked += copies; }
  void accepted(const AcceptedCopies& copies);
  // A copy was taken, or a bounce came instead.
  void arrived(std::uint64_t message, TimePoint at, bool bounced);

  // The load will not have been over before this moment: what was there by then is in no backlog.
  void not_over_at(TimePoint moment);
  // It will have been over by this one, which is not before any not_over_at(): of what arrives
  // behind both it is known whether it is in the backlog, and it needs no memory.
  void over_by(TimePoint moment) { over_by_ = std::min(over_by_, moment); }

  // When the latest of all was accepted; TimePoint::min() while none was.
  [[nodiscard]] TimePoint last_accepted() const { return last_accepted_; }
  // Copies that were accepted and are not there, until the next run begins.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }
  // Messages of which there are such copies, one for each attempt.
  [[nodiscard]] std::size_t messages_waiting() const { return accepted_.size(); }
  // Copies that arrived and are remembered, since they are in the backlog or not by when the load
  // is over.
  [[nodiscard]] std::size_t undecided() const { return late_.size(); }
  // Arrivals that were not known to have been accepted, and were too many to be remembered. Where
  // one of them was accepted after all, it counts as not arrived.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

  // What all that came to, once nobody waits any longer. `end`: of the load, at which its backlog
  // is taken; not before any not_over_at(), nor behind any over_by().
  [[nodiscard]] metrics::EndToEnd finish(TimePoint end);

 private:
  // By message, and of one message the first first.
  using Key = std::pair<std::uint64_t, TimePoint>;
  struct Early {
    bool bounced;
    std::list<Key>::iterator place;  // in the order in which they came
  };
  // When a copy arrived, and when it had been accepted.
  using Settled = std::pair<TimePoint, TimePoint>;

  void settle(const AcceptedCopies& copies, TimePoint at, bool bounced);
  void decide_backlog(TimePoint accepted, TimePoint arrived);
  void remember(std::uint64_t message, TimePoint at, bool bounced);
  void forget(std::multimap<Key, Early>::iterator arrival);

  const std::size_t most_early_;
  std::multimap<Key, AcceptedCopies> accepted_;  // by when they were
  std::multimap<Key, Early> early_;              // by when they arrived: the other half is missing
  std::list<Key> early_order_;                   // the same as they came
  // Of those that may be in the backlog, the earliest arrival first.
  std::priority_queue<Settled, std::vector<Settled>, std::greater<>> late_;
  TimePoint not_over_at_ = TimePoint::min();
  TimePoint over_by_ = TimePoint::max();
  TimePoint last_accepted_ = TimePoint::min();
  std::uint64_t waiting_ = 0;
  std::uint64_t forgotten_ = 0;
  metrics::EndToEnd found_;
};

}  // namespace millrace::source
