#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

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
// nowhere. Knows no clock and no thread; its memory is what is under way.
class EndToEndMatch {
 public:
  // A run begins whose schedule is over at `end`. What is still missing of another before it is
  // forgotten; its messages have other numbers.
  void begin(TimePoint end);

  void accepted(const AcceptedCopies& copies);
  // A copy was taken, or a bounce came instead.
  void arrived(std::uint64_t message, TimePoint at, bool bounced);

  // The run is over, perhaps before its schedule is. Nothing that is told of afterwards was
  // accepted later.
  void over(TimePoint at);

  // Copies that were accepted and are not there, until the next run begins.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }

  // What all that came to, once nobody waits any longer.
  [[nodiscard]] metrics::EndToEnd finish();

 private:
  struct Arrived {
    TimePoint at;
    bool bounced = false;
  };

  void settle(const AcceptedCopies& copies, const Arrived& arrived);

  TimePoint end_ = TimePoint::max();
  std::unordered_multimap<std::uint64_t, AcceptedCopies> accepted_;  // by message
  std::unordered_multimap<std::uint64_t, Arrived> early_;            // the other half is missing
  std::uint64_t waiting_ = 0;
  metrics::EndToEnd found_;
};

}  // namespace millrace::source
