#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/ring.h"
#include "base/time.h"
#include "smtp/client_plan.h"
#include "smtp/message_source.h"
#include "smtp/recipient_batches.h"
#include "source/delivery.h"
#include "source/message_in_flight.h"

namespace millrace::source {

// Puts together what the server says of each message of a session, and tells it when the message is
// over. A session has one where somebody wants to know.
//
// What counts is what decided. A no to what had been sent behind a failure, before the server was
// ready for it, is forgotten when the transaction is to be sent again.
class DeliveryRecord {
 public:
  // For session number `session`; `lmtp`: the end of a message is answered once a recipient. All
  // must outlive the record.
  DeliveryRecord(std::uint64_t session, bool lmtp, const smtp::MessageSource& messages,
                 const std::vector<DeliveryObserver*>& observers)
      : session_(session), lmtp_(lmtp), messages_(messages), observers_(observers) {}

  // The session turns to a message.
  void take(const Arrival& arrival, TimePoint now);

  // TLS is in place, of this version, whose name stays for ever.
  void secured(std::string_view version) { tls_version_ = version; }

  // As smtp::ClientObserver is told. `position`: of the end of the content in all that is sent on
  // the connection.
  void transaction_begun(const smtp::RecipientBatch& batch);
  void content_ended(std::uint64_t message, std::uint64_t position, TimePoint now);
  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome outcome);
  void transaction_over(const smtp::RecipientBatch& batch, std::size_t taken, bool again,
                        TimePoint now);
  void message_over(std::uint64_t message, TimePoint now);

  // The connection is gone, or none came about: what is under way never will be over. `sent`: how
  // many bytes have left on the connection.
  void lose(std::uint64_t sent, TimePoint now) { end_all(Delivery::Ending::lost, sent, now); }
  void abandon(std::uint64_t sent, TimePoint now) {
    end_all(Delivery::Ending::abandoned, sent, now);
  }

 private:
  static constexpr std::uint64_t kNotEnded = ~std::uint64_t{0};

  // One that the server has not answered to its end; in the order sent, which is that of replies.
  struct Transaction {
    smtp::RecipientBatch batch;
    std::size_t ended = 0;                  // LMTP: recipients up to here have their last reply
    std::uint64_t content_end = kNotEnded;  // its position, once it is on its way
    TimePoint content_sent = {};            // when that was
    bool failed = false;                    // a no came by which the server cannot take the message
    bool in_doubt = false;                  // the last reply to its end was neither yes nor no
    Delivery::KeptReply no = {};            // the first one to MAIL, DATA, a chunk or the end
    Delivery::KeptReply yes = {};           // to the end of the message; the last one
  };

  using Deliveries = std::vector<std::unique_ptr<Delivery>>;

  [[nodiscard]] Deliveries::iterator find(std::uint64_t message);
  [[nodiscard]] static std::span<Delivery::Recipient> recipients(const Transaction& transaction,
                                                                 Delivery& delivery);
  void opening_refused(const smtp::Reply& no);
  static void fail(Transaction& transaction, const Delivery::KeptReply& no);
  static void rcpt_answered(Delivery::Recipient& recipient, Delivery& delivery,
                            const smtp::Reply& reply, bool tolerated);
  static void own_end_answered(Transaction& transaction, Delivery& delivery,
                               const Delivery::KeptReply& reply);
  void settle(const Transaction& transaction, Delivery& delivery, bool taken, TimePoint now) const;
  [[nodiscard]] static Fate fate_by_end(const Transaction& transaction,
                                        const Delivery::KeptReply& no);
  static void note(const Transaction& transaction, Delivery& delivery,
                   const Delivery::KeptReply& end, TimePoint now);
  void end_all(Delivery::Ending ending, std::uint64_t sent, TimePoint now);
  void tell(Delivery& delivery, TimePoint now) const;

  const std::uint64_t session_;
  const bool lmtp_;
  const smtp::MessageSource& messages_;
  const std::vector<DeliveryObserver*>& observers_;
  Deliveries under_way_;
  Deliveries spare_;
  Ring<Transaction> transactions_;
  // Of the connection, until it is gone.
  std::string_view tls_version_;
  bool closed_ = false;  // by its last reply the server closes it (421, 521)
};

}  // namespace millrace::source
