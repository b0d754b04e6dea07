#pragma once

#include <cstddef>
#include <cstdint>

#include "base/output.h"
#include "base/ring.h"
#include "smtp/announcement.h"
#include "smtp/client_plan.h"
#include "smtp/message_source.h"

namespace millrace::smtp {

// The transactions of a client session, several at once when the plan pipelines them:
//
//   [XFORWARD] MAIL RCPT ... DATA   content        one round trip each, or one for all up to
//   [XFORWARD] MAIL RCPT ... BDAT ... BDAT LAST    DATA and for all of the BDAT form
//
// With pipelining the commands of the next transactions follow without waiting: behind the
// content that 354 asked for, or behind BDAT LAST (RFC 2920, RFC 3030).
//
// Some recipients refused: goes on with the rest. MAIL, all recipients, DATA or BDAT refused:
// RSET; where a 354 comes all the same, a lone dot ends the empty message (RFC 2920, 3.1).
// Transactions that had been sent behind one which failed so may have met a server that was not
// ready for them: those that fail too are sent again after the RSET.
//
// A message with more recipients than a transaction may have (RCPTMAX) goes in parts, one a
// transaction, and is over when all of them are decided. MAIL is never said more often than the
// server allows (MAILMAX, RFC 9422): what may have to be sent again keeps its place in that count.
class ClientTransactions {
 public:
  ClientTransactions(const ClientPlan& plan, const MessageSource& source, ClientObserver& observer)
      : plan_(plan), source_(source), observer_(observer) {}

  // The server is ready for the first. `used`: the extensions that may be used.
  void open(ExtensionSet used, const Announcement& announcement);

  // Whether send() may be called: nothing stands before the next transaction, and MAILMAX leaves
  // room for the message, whichever of the source's it is.
  [[nodiscard]] bool may_send() const;
  // Whether nothing is under way.
  [[nodiscard]] bool idle() const { return messages_.empty() && !resetting_; }
  // Whether the server's LIMITS leave no room for another message on this session. The next one
  // may be the source's largest.
  [[nodiscard]] bool spent() const { return mails_left_ < reserved() + most_parts_; }

  [[nodiscard]] bool pipelines() const { return uses(Extension::pipelining); }

  // Sends the message: over several transactions when it has more recipients than one may have.
  void send(std::uint64_t message, Output& out);

  // What the next reply answers, and what the reply means. Something must be awaited.
  [[nodiscard]] Question question() const;
  [[nodiscard]] Outcome judge(const Reply& reply) const;

  // Takes the reply to question(), judged before, and appends what follows from it. Returns whether
  // that was the last one to its command (LMTP answers the end of a message once a recipient).
  bool take_reply(const Reply& reply, Outcome outcome, Output& out);

  // How many commands are to be answered.
  [[nodiscard]] std::size_t outstanding() const { return outstanding_; }

 private:
  // What has become so far of a message that is under way.
  struct Message {
    std::uint64_t number;
    std::size_t recipients;
    std::size_t begun = 0;    // of its recipients: named by the parts begun, in order
    std::size_t decided = 0;  // by the parts that are over
    std::size_t taken = 0;    // by the server
    bool sent = false;        // the observer has been told
    bool over = false;        // the same; one that is to be sent again may keep its place before it
  };

  // Some recipients of a message, from `first` on: what one transaction carries.
  struct Part {
    std::uint64_t message;
    std::size_t first;
    std::size_t recipients;
  };

  // Whether a transaction can still succeed.
  enum class Standing : std::uint8_t {
    sound,
    refused,  // MAIL, all recipients, or DATA
    spoilt,   // a chunk: what follows of its content is refused, once a command (RFC 3030, 2)
  };

  struct Transaction {
    Part part;
    std::size_t named = 0;     // RCPTs sent
    std::size_t answered = 0;  // RCPTs answered
    std::size_t accepted = 0;  // of those
    std::size_t taken = 0;     // recipients for which the end of the message was answered well
    std::uint64_t sent = 0;    // content given to BDAT
    std::uint64_t chunks_unanswered = 0;
    std::size_t replies_due = 0;  // to the end of the message
    Verb next = Verb::mail;       // the next command to send; end_of_data: the 354 is awaited
    Verb awaited = Verb::mail;    // the next to be answered
    Standing standing = Standing::sound;
    bool all_sent = false;
    bool behind = false;     // it was begun while another was under way
    bool disturbed = false;  // one before it was refused: the server may not expect it
  };

  [[nodiscard]] std::size_t parts(std::size_t recipients) const;
  void pump(Output& out);
  bool step(Transaction& transaction, Output& out);
  void begin();
  [[nodiscard]] Part next_part();
  void send_chunk(Transaction& transaction, Output& out);
  bool take_transaction_reply(Transaction& transaction, const Reply& reply, Outcome outcome,
                              Output& out);
  void send_content(Transaction& transaction, Output& out);
  bool take_chunk_reply(Transaction& transaction, const Reply& reply, Outcome outcome);
  [[nodiscard]] std::size_t replies_to_last_chunk(const Transaction& transaction,
                                                  const Reply& reply) const;
  void tell_sent(const Transaction& transaction);
  void refuse(Standing standing);
  void calm();
  void finish();
  void count_taken(Transaction& transaction) const;
  [[nodiscard]] Message& find(std::uint64_t message);
  [[nodiscard]] bool waiting() const { return !again_.empty() || unbegun_ > 0; }
  [[nodiscard]] bool room() const;
  [[nodiscard]] std::uint64_t reserved() const { return again_.size() + unbegun_ + behind_; }
  [[nodiscard]] bool uses(Extension extension) const { return used_.has(extension); }

  const ClientPlan& plan_;
  const MessageSource& source_;
  ClientObserver& observer_;
  Ring<Message> messages_;    // in the order given; parts are left to begin of the last only
  Ring<Transaction> window_;  // in the order sent, which is that of the replies
  Ring<Part> again_;          // to be sent again, ahead of what has not been begun
  std::size_t unbegun_ = 0;   // parts of the last message
  std::size_t behind_ = 0;    // transactions in the window that were begun behind another
  std::size_t outstanding_ = 0;
  std::uint64_t mails_left_ = 0;  // that LIMITS allows
  std::size_t recipient_limit_ = 0;
  std::size_t most_parts_ = 0;  // that a message of this source may have
  ExtensionSet used_;
  bool failed_ = false;  // RSET is due once the window is empty
  bool resetting_ = false;
};

}  // namespace millrace::smtp
