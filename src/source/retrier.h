#pragma once

#include <optional>

#include "source/delivery.h"
#include "source/recorder.h"
#include "source/retry_queue.h"
#include "source/session_record.h"

namespace millrace::source {

// Decides, when an attempt of a session is over, whether the message comes back and for whom: for
// each recipient that the server has not taken it for and has not refused for good. What was lost
// comes back as well, even where the server may have taken it (RFC 1047), and so does what found
// no connection: that was an attempt too.
class Retrier final : public DeliveryObserver {
 public:
  // All must outlive the retrier. `queue` and `recorder` have something from the begin of the run
  // on.
  Retrier(std::optional<RetryQueue>& queue, std::optional<Recorder>& recorder,
          SessionRecord& record)
      : queue_(queue), recorder_(recorder), record_(record) {}

  // Takes the message out of the session's record; but one that the stop of the run has ended is
  // left there.
  void delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                 TimePoint now) override;

 private:
  std::optional<RetryQueue>& queue_;
  std::optional<Recorder>& recorder_;
  SessionRecord& record_;
};

}  // namespace millrace::source
