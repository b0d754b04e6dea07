#include "smtp/client_transactions.h"

#include <algorithm>
#include <limits>
#include <string>

#include "smtp/end_of_data.h"

namespace millrace::smtp {
namespace {

template <typename Number>
Number or_unlimited(std::uint64_t limit) {
  constexpr Number kUnlimited = std::numeric_limits<Number>::max();
  return limit == 0 ? kUnlimited : static_cast<Number>(limit);
}

}  // namespace

void ClientTransactions::open(ExtensionSet used, const Announcement& announcement) {
  used_ = used;
  mails_left_ = or_unlimited<std::uint64_t>(announcement.mail_limit);
  recipient_limit_ = or_unlimited<std::size_t>(announcement.recipient_limit);
}

bool ClientTransactions::room() const {
  if (failed_ || resetting_) return false;
  if (window_.empty()) return true;
  return uses(Extension::pipelining) && window_.back().all_sent && window_.size() < plan_.window;
}

std::size_t ClientTransactions::parts_of_a_message() const {
  const std::size_t recipients = envelope_.recipients();
  return recipients / recipient_limit_ + (recipients % recipient_limit_ != 0 ? 1 : 0);
}

bool ClientTransactions::may_send() const { return parts_.empty() && room() && !spent(); }

bool ClientTransactions::spent() const { return mails_left_ < parts_of_a_message(); }

void ClientTransactions::send(std::uint64_t message, Output& out) {
  parts_.push_back({.message = message, .first = 0});
  pump(out);
}

// Sends all that can be sent now.
void ClientTransactions::pump(Output& out) {
  for (;;) {
    if (!window_.empty() && !window_.back().all_sent) {
      if (!step(window_.back(), out)) break;
      continue;
    }
    if (parts_.empty() || !room()) break;
    const Part part = parts_.front();
    parts_.erase(parts_.begin());
    begin(part);
  }
  if (!failed_ || resetting_ || !window_.empty()) return;
  resetting_ = true;
  ++outstanding_;
  out.append("RSET\r\n");
}

void ClientTransactions::begin(Part part) {
  const std::size_t rest = envelope_.recipients() - part.first;
  const Verb first = uses(Extension::xforward) ? Verb::xforward : Verb::mail;
  window_.push_back({.part = part,
                     .recipients = std::min(rest, recipient_limit_),
                     .next = first,
                     .awaited = first});
  if (rest > recipient_limit_) {
    parts_.insert(parts_.begin(),
                  {.message = part.message, .first = part.first + recipient_limit_});
  }
  if (mails_left_ > 0) --mails_left_;
  observer_.transaction_begun(part.message);
}

// Sends the next command of the last transaction. Returns false when that has to wait, or when
// there is none because the transaction failed.
bool ClientTransactions::step(Transaction& transaction, Output& out) {
  if (outstanding_ > 0 && !uses(Extension::pipelining)) return false;
  if (transaction.next == Verb::end_of_data) return false;
  if (transaction.refused) {
    finish(transaction);
    return true;
  }
  const std::uint64_t message = transaction.part.message;
  switch (transaction.next) {
    case Verb::xforward:
      envelope_.append_xforward(message, out);
      transaction.next = Verb::mail;
      break;
    case Verb::mail:
      envelope_.append_mail(message, used_, out);
      transaction.next = Verb::rcpt;
      break;
    case Verb::rcpt:
      envelope_.append_rcpt(message, transaction.part.first + transaction.named, used_, out);
      if (++transaction.named < transaction.recipients) break;
      transaction.next = uses(Extension::chunking) ? Verb::bdat : Verb::data;
      break;
    case Verb::bdat:
      send_chunk(transaction, out);
      break;
    default:
      out.append("DATA\r\n");
      transaction.next = Verb::end_of_data;
      break;
  }
  ++outstanding_;
  return true;
}

void ClientTransactions::send_chunk(Transaction& transaction, Output& out) {
  const std::uint64_t message = transaction.part.message;
  const std::uint64_t rest = envelope_.content_size(message) - transaction.sent;
  const std::uint64_t length = plan_.chunk_size == 0 ? rest : std::min(rest, plan_.chunk_size);
  transaction.all_sent = length == rest;
  out.append("BDAT ");
  out.append(std::to_string(length));
  out.append(transaction.all_sent ? " LAST\r\n" : "\r\n");
  envelope_.append_chunk(message, transaction.sent, length, out);
  transaction.sent += length;
  ++transaction.chunks_unanswered;
}

Question ClientTransactions::question() const {
  if (window_.empty()) return {.verb = Verb::rset};
  const Transaction& first = window_.front();
  return {.verb = first.awaited,
          .message = first.part.message,
          .recipient = first.part.first + first.answered};
}

Outcome ClientTransactions::judge(const Reply& reply) const {
  const Verb verb = question().verb;
  if (verb == Verb::data ? reply.positive_intermediate() : reply.positive_completion()) {
    return Outcome::expected;
  }
  if (verb == Verb::rset) return Outcome::refused;
  const Transaction& first = window_.front();
  return first.refused || first.disturbed ? Outcome::tolerated : Outcome::refused;
}

bool ClientTransactions::take_reply(const Reply& reply, Output& out) {
  const bool expected = judge(reply) == Outcome::expected;
  bool last = true;
  if (window_.empty()) {
    resetting_ = failed_ = false;
    parts_.insert(parts_.begin(), again_.begin(), again_.end());
    again_.clear();
  } else {
    last = take_transaction_reply(window_.front(), expected, out);
  }
  if (last) --outstanding_;
  pump(out);
  return last;
}

bool ClientTransactions::take_transaction_reply(Transaction& transaction, bool expected,
                                                Output& out) {
  switch (transaction.awaited) {
    case Verb::xforward:
      transaction.awaited = Verb::mail;
      return true;
    case Verb::mail:
      transaction.awaited = Verb::rcpt;
      if (expected) transaction.disturbed = false;
      if (!expected) refuse(transaction);
      return true;
    case Verb::rcpt:
      if (expected) ++transaction.accepted;
      if (++transaction.answered < transaction.recipients) return true;
      transaction.awaited = uses(Extension::chunking) ? Verb::bdat : Verb::data;
      if (transaction.accepted == 0) refuse(transaction);
      return true;
    case Verb::data:
      if (expected) {
        send_content(transaction, out);
      } else {
        refuse(transaction);
        finish(transaction);
      }
      return true;
    case Verb::bdat:
      return take_chunk_reply(transaction, expected);
    default:
      if (expected && !transaction.refused) count_taken(transaction);
      if (--transaction.replies_due > 0) return false;
      transaction.refused = false;  // the end of the content has closed the transaction
      finish(transaction);
      return true;
  }
}

// 354 has come. When nothing is to be sent any more, an empty message ends the transaction.
void ClientTransactions::send_content(Transaction& transaction, Output& out) {
  if (transaction.refused) {
    out.append(kEndMark);
  } else {
    envelope_.append_content(transaction.part.message, out);
    tell_sent(transaction);
  }
  transaction.replies_due =
      plan_.hello_verb == Verb::lhlo ? std::max<std::size_t>(transaction.accepted, 1) : 1;
  transaction.awaited = Verb::end_of_data;
  transaction.all_sent = true;
  ++outstanding_;
}

bool ClientTransactions::take_chunk_reply(Transaction& transaction, bool expected) {
  const bool last_chunk = transaction.all_sent && transaction.chunks_unanswered == 1;
  if (!last_chunk) {
    if (!expected) refuse(transaction);
    --transaction.chunks_unanswered;
    return true;
  }
  if (transaction.replies_due == 0) {  // the first reply to the last chunk
    const bool each = plan_.hello_verb == Verb::lhlo && !transaction.refused;
    transaction.replies_due = each ? transaction.accepted : 1;
  }
  if (expected) count_taken(transaction);
  if (--transaction.replies_due > 0) return false;
  if (transaction.taken > 0) {
    transaction.refused = false;
    tell_sent(transaction);
  } else {
    refuse(transaction);
  }
  finish(transaction);
  return true;
}

// The end of the message was answered well: in LMTP for one recipient, else for all.
void ClientTransactions::count_taken(Transaction& transaction) const {
  transaction.taken += plan_.hello_verb == Verb::lhlo ? 1 : transaction.accepted;
}

void ClientTransactions::tell_sent(const Transaction& transaction) {
  if (last_part(transaction)) observer_.message_sent(transaction.part.message);
}

bool ClientTransactions::last_part(const Transaction& transaction) const {
  return transaction.part.first + transaction.recipients == envelope_.recipients();
}

// The transaction has failed; those that were sent behind it may find the server in its midst.
void ClientTransactions::refuse(Transaction& transaction) {
  transaction.refused = true;
  const auto place = static_cast<std::size_t>(&transaction - window_.data());
  for (std::size_t later = place + 1; later < window_.size(); ++later) {
    window_[later].disturbed = true;
  }
}

// Takes the transaction out of the window; one that failed leaves the server to be reset.
void ClientTransactions::finish(Transaction& transaction) {
  const Transaction done = transaction;
  window_.erase(window_.begin() + (&transaction - window_.data()));
  if (done.refused) failed_ = true;
  if (done.refused && done.disturbed) {
    again_.push_back(done.part);
  } else {
    tell_over(done);
  }
}

// The message is over with its last part; the parts before it hand on what they achieved.
void ClientTransactions::tell_over(const Transaction& done) {
  const std::uint64_t message = done.part.message;
  const std::size_t taken = done.part.taken_before + done.taken;
  if (last_part(done)) return observer_.message_over(message, taken);
  for (Transaction& later : window_) {
    if (later.part.message == message) {
      later.part.taken_before = taken;
      return;
    }
  }
  if (!parts_.empty() && parts_.front().message == message) parts_.front().taken_before = taken;
}

}  // namespace millrace::smtp
