#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ring.h"
#include "base/time.h"
#include "smtp/client_session.h"
#include "source/message_in_flight.h"
#include "source/recorder.h"
#include "source/trouble.h"

namespace millrace::source {

// The messages of one session that are on their way, and what is measured of them and of its
// connections. Where nothing is measured it only knows which messages those are.
class SessionRecord {
 public:
  // `recorder` must outlive the record, and has something where the run is measured, from its
  // begin on.
  explicit SessionRecord(std::optional<Recorder>& recorder) : recorder_(recorder) {}

  // The connection: asked for, there, protected, gone.
  void connecting(TimePoint now);
  void connected(TimePoint now);
  void secured(Duration took, bool resumed, TimePoint now);
  void ended(TimePoint now);

  // Something went wrong; with the session as a whole.
  void error(const Trouble& trouble, TimePoint now);
  void session_failed(const Trouble& trouble, TimePoint now);

  // The session turns to a message, which waits until it can be sent.
  void take(Arrival arrival, TimePoint now);
  [[nodiscard]] bool waiting() const { return waiting_.has_value(); }
  // Its number.
  [[nodiscard]] std::uint64_t waiting_message() const { return waiting_->message; }
  // The waiting message is sent now; returns its number.
  std::uint64_t launch(TimePoint now);
  // The numbers of the recipients that are left of a message which the session has turned to;
  // empty: all.
  [[nodiscard]] std::span<const std::uint32_t> recipients_left(std::uint64_t message) const;
  // When a message was due that the session has turned to.
  [[nodiscard]] TimePoint intended(std::uint64_t message) const;
  // How many have been sent on this connection.
  [[nodiscard]] std::uint64_t carried() const { return carried_; }

  // The first command of a transaction goes out. A message may have several.
  void transaction_begun(TimePoint now);
  // A reply to `command` came to `client`, which has not acted on it yet.
  void replied(const smtp::ClientSession& client, const smtp::PendingCommand& command,
               const smtp::Reply& reply, smtp::Outcome outcome, TimePoint now);
  // The message is over: taken for so many recipients, or refused.
  void message_over(std::uint64_t message, std::size_t recipients, TimePoint now);

  // The attempt at the message is over; unknown to those above.
  MessageInFlight take_out(std::uint64_t message);

  // What was taken and is not over never will be: the connection is gone, or the run is stopped.
  void lose(TimePoint now);
  void abandon(TimePoint now);

 private:
  using Fate = void (Recorder::*)(const MessageInFlight& in_flight, TimePoint now);

  [[nodiscard]] std::vector<MessageInFlight>::iterator find(std::uint64_t message);
  [[nodiscard]] const MessageInFlight& turned_to(std::uint64_t message) const;
  void end_all(Fate fate, TimePoint now);

  std::optional<Recorder>& recorder_;
  std::optional<MessageInFlight> waiting_;
  std::vector<MessageInFlight> in_flight_;  // sent and not yet over
  std::uint64_t carried_ = 0;
  TimePoint begun_;                         // the connect
  TimePoint asked_;                         // what the next reply answers was
  Ring<TimePoint> transactions_;            // not yet answered: when each began
  smtp::Verb answered_ = smtp::Verb::quit;  // by the last reply
};

}  // namespace millrace::source
