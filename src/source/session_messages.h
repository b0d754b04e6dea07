#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "smtp/client_session.h"
#include "smtp/message_source.h"
#include "source/delivery_record.h"
#include "source/message_in_flight.h"
#include "source/remaining_recipients.h"
#include "source/retrier.h"
#include "source/run.h"
#include "source/session_record.h"
#include "source/worker_resources.h"

namespace millrace::source {

// The messages that a session turns to: what it sends of them, stamped and for the recipients that
// are left where the run is so; and what becomes of them, for all who want to know of it.
class SessionMessages {
 public:
  // For session number `session`. `record`: what is measured of it. All must outlive this.
  SessionMessages(WorkerResources& worker, const Run& run, std::uint64_t session,
                  SessionRecord& record);

  // What is sent.
  [[nodiscard]] const smtp::MessageSource& source() const { return source_; }

  // The session turns to a message.
  void take(const Arrival& arrival, TimePoint now);

  // As DeliveryRecord and smtp::ClientObserver are told.
  void secured(std::string_view version);
  void replied(const smtp::ClientSession& client, const smtp::PendingCommand& command,
               const smtp::Reply& reply, smtp::Outcome outcome, TimePoint now);
  void transaction_begun(const smtp::RecipientBatch& batch, TimePoint now);
  void content_ended(std::uint64_t message, std::uint64_t position, TimePoint now);
  void transaction_over(const smtp::RecipientBatch& batch, std::size_t taken, bool again,
                        TimePoint now);
  void message_over(std::uint64_t message, std::size_t recipients, TimePoint now);

  // All that are under way are lost with their connection, or given up at the end of the run.
  // `sent`: bytes that have left on the connection, or may have.
  void lose(std::uint64_t sent, TimePoint now);
  void abandon(std::uint64_t sent, TimePoint now);

 private:
  SessionRecord& record_;
  const std::unique_ptr<smtp::MessageSource> all_;
  RemainingRecipients remaining_;
  const smtp::MessageSource& source_;         // one of these two
  std::optional<Retrier> retrier_;            // where messages come back
  std::vector<DeliveryObserver*> observers_;  // the worker's, and that
  std::optional<DeliveryRecord> deliveries_;  // where somebody wants to know of each message
};

}  // namespace millrace::source
