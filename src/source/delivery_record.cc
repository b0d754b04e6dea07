#include "source/delivery_record.h"

#include <algorithm>
#include <utility>

namespace millrace::source {

void DeliveryRecord::take(const Arrival& arrival, TimePoint now) {
  if (spare_.empty()) spare_.push_back(std::make_unique<Delivery>());
  std::unique_ptr<Delivery> delivery = std::move(spare_.back());
  spare_.pop_back();
  delivery->begin(arrival.message, arrival.attempt, messages_.recipients(arrival.message));
  delivery->numbers = arrival.remains.recipients;
  delivery->kind = messages_.kind(arrival.message);
  delivery->session = session_;
  delivery->intended = arrival.intended;
  delivery->begun = now;
  under_way_.push_back(std::move(delivery));
}

void DeliveryRecord::transaction_begun(const smtp::RecipientBatch& batch) {
  (*find(batch.message))->opening = {};
  transactions_.push_back({.batch = batch, .ended = batch.first});
}

void DeliveryRecord::content_ended(std::uint64_t message, std::uint64_t position, TimePoint now) {
  transactions_.back().content_end = position;
  transactions_.back().content_sent = now;
  Delivery& delivery = **find(message);
  delivery.bytes = messages_.content_size(message);
  delivery.content_sent += delivery.bytes;
}

void DeliveryRecord::replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
                             smtp::Outcome outcome) {
  closed_ = reply.closing();
  if (transactions_.empty()) {
    if (outcome == smtp::Outcome::refused) opening_refused(reply);
    return;
  }
  Transaction& transaction = transactions_.front();
  Delivery& delivery = **find(transaction.batch.message);
  // What follows from a no says nothing more, though the server closes by it.
  const bool refused = outcome == smtp::Outcome::refused && !transaction.failed;
  const bool tolerated = outcome != smtp::Outcome::expected && !refused;
  const bool own = lmtp_ && command.final && transaction.content_end != kNotEnded;
  if (closed_ && !own) fail(transaction, delivery.keep(reply));
  switch (command.verb) {
    case smtp::Verb::xforward:
      return;
    case smtp::Verb::rcpt:
      return rcpt_answered(delivery.recipients[command.recipient], delivery, reply, tolerated);
    case smtp::Verb::end_of_data:
      if (transaction.content_end == kNotEnded) return;  // it was that of an empty message
      break;
    default:
      break;
  }
  // To MAIL, the first, a no may follow from one before.
  const bool no = refused || (tolerated && command.verb == smtp::Verb::mail);
  if (no && transaction.no.code == 0) transaction.no = delivery.keep(reply);
  // The server may take what has all been sent, unless it says that it does not.
  const bool unclear = transaction.content_end != kNotEnded && !decides(reply.code);
  if (refused && !own && !unclear) fail(transaction, delivery.keep(reply));
  if (!command.final) return;
  const Delivery::KeptReply kept = tolerated ? transaction.no : delivery.keep(reply);
  transaction.in_doubt = unclear && !decides(kept.code);
  if (kept.positive()) transaction.yes = kept;
  if (own) own_end_answered(transaction, delivery, kept);
}

// What waits to be sent on the session may never be.
void DeliveryRecord::opening_refused(const smtp::Reply& no) {
  for (const auto& waiting : under_way_) {
    if (!waiting->opening.given()) waiting->opening = waiting->keep(no);
  }
}

// Such a no counts, not one to MAIL before it that followed from another transaction.
void DeliveryRecord::fail(Transaction& transaction, const Delivery::KeptReply& no) {
  if (transaction.failed) return;
  transaction.failed = true;
  transaction.no = no;
}

// A no that follows from another one leaves open whether it means the recipient.
void DeliveryRecord::rcpt_answered(Delivery::Recipient& recipient, Delivery& delivery,
                                   const smtp::Reply& reply, bool tolerated) {
  recipient.reply = delivery.keep(reply);
  if (reply.positive_completion()) {
    recipient.fate = Fate::agreed;
  } else if (!tolerated) {
    recipient.fate = fate_by(reply.code);
  }
}

// The end of the message was answered for the next of those whose RCPT had been.
void DeliveryRecord::own_end_answered(Transaction& transaction, Delivery& delivery,
                                      const Delivery::KeptReply& reply) {
  const std::size_t end = transaction.batch.first + transaction.batch.count;
  while (transaction.ended < end) {
    Delivery::Recipient& recipient = delivery.recipients[transaction.ended++];
    if (recipient.fate != Fate::agreed) continue;
    recipient.reply = reply;
    recipient.fate = reply.positive() ? Fate::accepted : fate_by_end(transaction, reply);
    return;
  }
}

void DeliveryRecord::transaction_over(const smtp::RecipientBatch& batch, std::size_t taken,
                                      bool again, TimePoint now) {
  const Transaction transaction = transactions_.front();
  transactions_.pop_front();
  Delivery& delivery = **find(batch.message);
  if (again) {
    std::ranges::fill(recipients(transaction, delivery), Delivery::Recipient{});
    return;
  }
  settle(transaction, delivery, taken > 0, now);
}

// Nothing more is awaited: what the server has said decides of those that are open or agreed.
// `taken`: whether it took the message for any.
void DeliveryRecord::settle(const Transaction& transaction, Delivery& delivery, bool taken,
                            TimePoint now) const {
  // In LMTP those that have no reply of their own share a no to the end as a whole.
  const Fate fate = taken && !lmtp_ ? Fate::accepted : fate_by_end(transaction, transaction.no);
  for (Delivery::Recipient& recipient : recipients(transaction, delivery)) {
    if (recipient.fate == Fate::agreed) recipient.fate = fate;
    if (recipient.fate != Fate::open) continue;
    if (!taken) recipient.reply = transaction.no;
    recipient.fate = fate_by(recipient.reply.code);
  }
  note(transaction, delivery, taken ? transaction.yes : transaction.no, now);
}

// Of one who was agreed to.
Fate DeliveryRecord::fate_by_end(const Transaction& transaction, const Delivery::KeptReply& no) {
  return transaction.in_doubt ? Fate::in_doubt : fate_by(no.code);
}

// The transaction is over, or is lost, and this ended it.
void DeliveryRecord::note(const Transaction& transaction, Delivery& delivery,
                          const Delivery::KeptReply& end, TimePoint now) {
  if (end.given()) delivery.ends.push_back(end);
  const auto number = static_cast<std::uint32_t>(delivery.transactions.size());
  for (Delivery::Recipient& recipient : recipients(transaction, delivery)) {
    recipient.transaction = number;
  }
  const bool sent = transaction.content_end != kNotEnded;
  delivery.transactions.push_back(
      {.sent = sent ? transaction.content_sent : now, .over = now, .end = end});
}

void DeliveryRecord::message_over(std::uint64_t message, TimePoint now) {
  const auto delivery = find(message);
  tell(**delivery, now);
  spare_.push_back(std::move(*delivery));
  under_way_.erase(delivery);
}

void DeliveryRecord::end_all(Delivery::Ending ending, std::uint64_t sent, TimePoint now) {
  for (; !transactions_.empty(); transactions_.pop_front()) {
    const Transaction& transaction = transactions_.front();
    Delivery& delivery = **find(transaction.batch.message);
    const bool taken = transaction.yes.given();
    if (transaction.failed) {
      settle(transaction, delivery, taken, now);
      continue;
    }
    note(transaction, delivery, taken ? transaction.yes : Delivery::KeptReply{}, now);
    // Replies come in order: behind the one by which the server closes it has taken nothing, unless
    // that was to the end for one recipient of several (RFC 2033, 4.2). A position that is not
    // known is beyond all that was sent.
    const bool closed_before = closed_ && transaction.ended == transaction.batch.first;
    if (closed_before || transaction.content_end > sent) continue;
    for (Delivery::Recipient& recipient : recipients(transaction, delivery)) {
      // One that is open and has a reply met a no, whichever that followed from.
      const bool possible = recipient.fate == Fate::agreed ||
                            (recipient.fate == Fate::open && !recipient.reply.given());
      if (possible) recipient.fate = Fate::in_doubt;
    }
  }
  for (auto& delivery : under_way_) {
    delivery->ending = ending;
    for (Delivery::Recipient& recipient : delivery->recipients) {
      if (recipient.fate == Fate::open || recipient.fate == Fate::agreed) {
        recipient.fate = Fate::lost;
      }
    }
    tell(*delivery, now);
    spare_.push_back(std::move(delivery));
  }
  under_way_.clear();
  tls_version_ = {};
}

void DeliveryRecord::tell(Delivery& delivery, TimePoint now) const {
  delivery.tls_version = tls_version_;
  for (DeliveryObserver* const observer : observers_) observer->delivered(delivery, messages_, now);
}

std::span<Delivery::Recipient> DeliveryRecord::recipients(const Transaction& transaction,
                                                          Delivery& delivery) {
  return std::span(delivery.recipients).subspan(transaction.batch.first, transaction.batch.count);
}

DeliveryRecord::Deliveries::iterator DeliveryRecord::find(std::uint64_t message) {
  return std::find_if(under_way_.begin(), under_way_.end(),
                      [&](const auto& delivery) { return delivery->message == message; });
}

}  // namespace millrace::source
