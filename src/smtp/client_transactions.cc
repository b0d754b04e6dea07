#include "smtp/client_transactions.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

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
  most_parts_ = parts(source_.most_recipients());
}

// In how many transactions so many recipients go.
std::size_t ClientTransactions::parts(std::size_t recipients) const {
  return recipients / recipient_limit_ + (recipients % recipient_limit_ != 0 ? 1 : 0);
}

// Whether a transaction may begin now; behind another one, it may have to be sent twice.
bool ClientTransactions::room() const {
  if (failed_ || resetting_) return false;
  if (window_.empty()) return true;
  return uses(Extension::pipelining) && window_.back().all_sent && window_.size() < plan_.window &&
         mails_left_ > reserved();
}

// Where there is room nothing waits for it: pump() would have sent it.
bool ClientTransactions::may_send() const {
  const std::size_t spare = window_.empty() ? 0 : 1;
  return room() && mails_left_ >= reserved() + most_parts_ + spare;
}

void ClientTransactions::send(std::uint64_t message, Output& out) {
  const std::size_t recipients = source_.recipients(message);
  messages_.push_back({.number = message, .recipients = recipients});
  unbegun_ = parts(recipients);
  pump(out);
}

// Sends all that can be sent now.
void ClientTransactions::pump(Output& out) {
  for (;;) {
    if (!window_.empty() && !window_.back().all_sent) {
      if (!step(window_.back(), out)) break;
      continue;
    }
    if (!waiting() || !room()) break;
    begin();
  }
  if (!failed_ || resetting_ || !window_.empty()) return;
  resetting_ = true;
  ++outstanding_;
  out.append("RSET\r\n");
}

void ClientTransactions::begin() {
  const Verb first = uses(Extension::xforward) ? Verb::xforward : Verb::mail;
  const bool behind = !window_.empty();
  window_.push_back({.part = next_part(), .next = first, .awaited = first, .behind = behind});
  if (behind) ++behind_;
  --mails_left_;
  observer_.transaction_begun(window_.back().part.message);
}

ClientTransactions::Part ClientTransactions::next_part() {
  if (!again_.empty()) {
    const Part part = again_.front();
    again_.pop_front();
    return part;
  }
  Message& message = messages_.back();
  const std::size_t recipients = std::min(message.recipients - message.begun, recipient_limit_);
  const Part part{.message = message.number, .first = message.begun, .recipients = recipients};
  message.begun += recipients;
  --unbegun_;
  return part;
}

// Sends the next command of the last transaction. Returns false when that has to wait, or when
// there is none because the transaction failed.
bool ClientTransactions::step(Transaction& transaction, Output& out) {
  if (outstanding_ > 0 && !uses(Extension::pipelining)) return false;
  if (transaction.next == Verb::end_of_data) return false;
  if (transaction.standing != Standing::sound) {
    finish();
    return true;
  }
  const std::uint64_t message = transaction.part.message;
  switch (transaction.next) {
    case Verb::xforward:
      source_.append_xforward(message, out);
      transaction.next = Verb::mail;
      break;
    case Verb::mail:
      source_.append_mail(message, used_, out);
      transaction.next = Verb::rcpt;
      break;
    case Verb::rcpt:
      source_.append_rcpt(message, transaction.part.first + transaction.named, used_, out);
      if (++transaction.named < transaction.part.recipients) break;
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
  const std::uint64_t rest = source_.content_size(message) - transaction.sent;
  const std::uint64_t length = plan_.chunk_size == 0 ? rest : std::min(rest, plan_.chunk_size);
  transaction.all_sent = length == rest;
  out.append("BDAT ");
  out.append(std::to_string(length));
  out.append(transaction.all_sent ? " LAST\r\n" : "\r\n");
  source_.append_chunk(message, transaction.sent, length, out);
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
  const bool foreseen = first.standing != Standing::sound || first.disturbed;
  return foreseen ? Outcome::tolerated : Outcome::refused;
}

bool ClientTransactions::take_reply(const Reply& reply, Outcome outcome, Output& out) {
  bool last = true;
  if (window_.empty()) {
    resetting_ = failed_ = false;
  } else {
    last = take_transaction_reply(window_.front(), reply, outcome, out);
  }
  if (last) --outstanding_;
  pump(out);
  return last;
}

bool ClientTransactions::take_transaction_reply(Transaction& transaction, const Reply& reply,
                                                Outcome outcome, Output& out) {
  const bool expected = outcome == Outcome::expected;
  switch (transaction.awaited) {
    case Verb::xforward:
      transaction.awaited = Verb::mail;
      return true;
    case Verb::mail:
      transaction.awaited = Verb::rcpt;
      if (!expected) {
        refuse(Standing::refused);
      } else if (transaction.disturbed) {
        calm();
      }
      return true;
    case Verb::rcpt:
      if (expected) ++transaction.accepted;
      if (++transaction.answered < transaction.part.recipients) return true;
      transaction.awaited = uses(Extension::chunking) ? Verb::bdat : Verb::data;
      if (transaction.accepted == 0) refuse(Standing::refused);
      return true;
    case Verb::data:
      if (expected) {
        send_content(transaction, out);
      } else {
        refuse(Standing::refused);
        finish();
      }
      return true;
    case Verb::bdat:
      return take_chunk_reply(transaction, reply, outcome);
    default:
      if (expected && transaction.standing == Standing::sound) count_taken(transaction);
      if (--transaction.replies_due > 0) return false;
      transaction.standing = Standing::sound;  // the end of the content has closed it
      finish();
      return true;
  }
}

// 354 has come. When nothing is to be sent any more, an empty message ends the transaction.
void ClientTransactions::send_content(Transaction& transaction, Output& out) {
  if (transaction.standing != Standing::sound) {
    out.append(kEndMark);
  } else {
    source_.append_content(transaction.part.message, out);
    tell_sent(transaction);
  }
  transaction.replies_due =
      plan_.hello_verb == Verb::lhlo ? std::max<std::size_t>(transaction.accepted, 1) : 1;
  transaction.awaited = Verb::end_of_data;
  transaction.all_sent = true;
  ++outstanding_;
}

bool ClientTransactions::take_chunk_reply(Transaction& transaction, const Reply& reply,
                                          Outcome outcome) {
  const bool expected = outcome == Outcome::expected;
  const bool last_chunk = transaction.all_sent && transaction.chunks_unanswered == 1;
  if (!last_chunk) {
    if (!expected) refuse(Standing::spoilt);
    --transaction.chunks_unanswered;
    return true;
  }
  if (transaction.replies_due == 0) {  // the first reply to the last chunk
    transaction.replies_due = replies_to_last_chunk(transaction, reply);
  }
  if (expected) count_taken(transaction);
  if (--transaction.replies_due > 0) return false;
  if (transaction.taken > 0) {
    transaction.standing = Standing::sound;
    tell_sent(transaction);
  } else {
    refuse(Standing::spoilt);
  }
  finish();
  return true;
}

// How many replies the last chunk gets, by the first of them: in LMTP one for each recipient that
// was accepted (RFC 2033, 4.2), whatever came before; but a refusal of the command itself stands
// alone, as it does behind a chunk that was refused, or where the server had expected none (503).
std::size_t ClientTransactions::replies_to_last_chunk(const Transaction& transaction,
                                                      const Reply& reply) const {
  if (plan_.hello_verb != Verb::lhlo || transaction.accepted == 0) return 1;
  const bool each = reply.positive_completion() || transaction.standing == Standing::sound ||
                    (transaction.standing == Standing::refused && reply.code != 503);
  return each ? transaction.accepted : 1;
}

// The end of the message was answered well: in LMTP for one recipient, else for all.
void ClientTransactions::count_taken(Transaction& transaction) const {
  transaction.taken += plan_.hello_verb == Verb::lhlo ? 1 : transaction.accepted;
}

// With the first of its parts: the others may never get so far.
void ClientTransactions::tell_sent(const Transaction& transaction) {
  Message& message = find(transaction.part.message);
  if (!std::exchange(message.sent, true)) observer_.message_sent(message.number);
}

// The first transaction has failed; those that were sent behind it may find the server in its
// midst.
void ClientTransactions::refuse(Standing standing) {
  window_.front().standing = standing;
  for (std::size_t later = 1; later < window_.size(); ++later) window_[later].disturbed = true;
}

// The server has begun a new transaction: nothing from before it is left open.
void ClientTransactions::calm() {
  for (std::size_t place = 0; place < window_.size(); ++place) window_[place].disturbed = false;
}

// Takes the first transaction out of the window; one that failed leaves the server to be reset.
void ClientTransactions::finish() {
  const Transaction done = window_.front();
  window_.pop_front();
  if (done.behind) --behind_;
  if (done.standing != Standing::sound) {
    failed_ = true;
    if (done.disturbed) return again_.push_back(done.part);
  }
  Message& message = find(done.part.message);
  message.decided += done.part.recipients;
  message.taken += done.taken;
  if (message.decided < message.recipients) return;
  message.over = true;
  const Message over = message;
  while (!messages_.empty() && messages_.front().over) messages_.pop_front();
  observer_.message_over(over.number, over.taken);
}

// The message, which is under way. It is the first one, or nearly so.
ClientTransactions::Message& ClientTransactions::find(std::uint64_t message) {
  std::size_t place = 0;
  while (messages_[place].number != message || messages_[place].over) ++place;
  return messages_[place];
}

}  // namespace millrace::smtp
