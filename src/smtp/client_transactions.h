#pragma once

#include <cstddef>
#include <cstdint>

#include "base/output.h"
#include "base/ring.h"
#include "smtp/capabilities.h"
#include "smtp/client_plan.h"
#include "smtp/message_source.h"
#include "smtp/recipient_batches.h"

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
// A message with more recipients than a transaction may have goes in batches, one a transaction
// (recipient_batches.h).
class ClientTransactions {
 public:
  // The steps of a transaction, for which client_transactions.cc has the rules.
  enum class Step : std::uint8_t {
    xforward,
    mail,
    rcpt,  // once a recipient
    data,
    content,  // of the message, to its end mark
    chunk,    // BDAT with its content, until all of that has gone
    none,     // all was sent
  };

  // Whether a transaction can still succeed.
  enum class Standing : std::uint8_t {
    sound,
    refused,  // MAIL, all recipients, or DATA
    spoilt,   // a chunk: what follows of its content is refused, once a command (RFC 3030, 2)
  };

  ClientTransactions(const ClientPlan& plan, const MessageSource& source, ClientObserver& observer)
      : plan_(plan), source_(source), observer_(observer) {}

  // The server is ready for the first. `used`: the extensions that may be used.
  void open(ExtensionSet used, const Capabilities& capabilities);

  // Whether send() may be called: nothing stands before the next transaction, and MAILMAX leaves
  // room for the message, whichever of the source's it is.
  [[nodiscard]] bool may_send() const {
    return may_begin() && batches_.has_room(/*behind=*/!window_.empty());
  }
  // Whether nothing is under way.
  [[nodiscard]] bool idle() const { return batches_.empty() && reset_ == Reset::none; }
  // Whether the server's LIMITS leave no room for another message on this session, whichever of
  // the source's it is.
  [[nodiscard]] bool exhausted() const { return !batches_.has_room(/*behind=*/false); }

  [[nodiscard]] bool pipelines() const { return uses(Extension::pipelining); }

  // Sends the message: over several transactions when it has more recipients than one may have.
  void send(std::uint64_t message, Output& out);

  // What the next reply answers, and what the reply means; where nothing is awaited, the connection
  // as a whole (connect), and no reply can be judged.
  [[nodiscard]] PendingCommand pending_command() const;
  [[nodiscard]] Outcome judge(const Reply& reply) const;

  // Takes the reply to pending_command(), judged before, and appends what follows from it. Returns
  // whether that was the last one to its command (LMTP answers the end of a message once a
  // recipient).
  bool take_reply(const Reply& reply, Outcome outcome, Output& out);

  // How many commands are to be answered.
  [[nodiscard]] std::size_t outstanding() const { return outstanding_; }

 private:
  struct PendingTransaction {
    RecipientBatch batch;
    Step next;                 // to be sent
    Step awaited;              // to be answered
    std::size_t named = 0;     // recipients: RCPTs sent
    std::size_t answered = 0;  // RCPTs answered
    std::size_t accepted = 0;  // of those
    std::size_t taken = 0;     // of those: the end of the message was answered well
    std::uint64_t sent = 0;    // bytes of content, in chunks
    std::uint64_t chunks_unanswered = 0;
    std::size_t replies_due = 0;  // to the end of the message
    Standing standing = Standing::sound;
    bool disturbed = false;  // one before it was refused: the server may not expect it
  };

  // RSET, once a transaction has failed: it waits until those behind it are over too.
  enum class Reset : std::uint8_t { none, due, awaited };

  void pump(Output& out);
  [[nodiscard]] bool may_begin() const;
  void begin();
  bool send_rest(PendingTransaction& last, Output& out);
  void send_step(PendingTransaction& transaction, Output& out);
  bool send_chunk(PendingTransaction& transaction, Output& out);
  void send_content(PendingTransaction& transaction, Output& out);
  bool take_transaction_reply(PendingTransaction& transaction, const Reply& reply, bool expected,
                              Output& out);
  bool take_content_reply(PendingTransaction& transaction, bool expected);
  static bool ends_with(const PendingTransaction& transaction);
  bool take_chunk_reply(PendingTransaction& transaction, const Reply& reply, bool expected);
  [[nodiscard]] std::size_t replies_to_last_chunk(const PendingTransaction& transaction,
                                                  const Reply& reply) const;
  void count_taken(PendingTransaction& transaction) const;
  void tell_sent(const PendingTransaction& transaction);
  void refuse(PendingTransaction& first);
  void calm();
  void finish();
  [[nodiscard]] Step after(Step step) const;
  [[nodiscard]] bool lmtp() const { return plan_.hello_verb == Verb::lhlo; }
  [[nodiscard]] bool uses(Extension extension) const { return used_.has(extension); }

  const ClientPlan& plan_;
  const MessageSource& source_;
  ClientObserver& observer_;
  RecipientBatches batches_;
  Ring<PendingTransaction> window_;  // in the order sent, which is that of the replies
  std::size_t outstanding_ = 0;
  ExtensionSet used_;
  Reset reset_ = Reset::none;
};

}  // namespace millrace::smtp
