#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "smtp/extension.h"
#include "smtp/reply.h"
#include "smtp/verb.h"

namespace millrace::smtp {

// How clients speak. Filled once, shared by all sessions of a run.
struct ClientPlan {
  Verb hello_verb = Verb::helo;  // HELO, EHLO or LHLO
  std::string hello_name;        // empty: no hello is sent

  // The extensions to make use of. What the server does not announce is an error, unless it is one
  // of the `optional`. Wherever they are announced, MAIL has its SIZE, and BODY where the content
  // is not ASCII (8BITMIME), and LIMITS are followed. A message beyond the limit of SIZE is sent
  // all the same: what is measured is how it is refused.
  ExtensionSet wanted;
  ExtensionSet optional;

  std::size_t window = 1;        // transactions that may be unanswered at once (RFC 2920)
  std::uint64_t chunk_size = 0;  // bytes of content a BDAT command; 0: all of it
};

// What a reply means for the dialogue.
enum class Outcome : std::uint8_t {
  expected,   // it goes on as planned
  refused,    // the server says no
  tolerated,  // a no that was to be expected: to EHLO, or after an earlier one
};

// A command that is to be answered, or has just been.
struct PendingCommand {
  Verb verb = Verb::connect;
  std::uint64_t message = 0;  // from MAIL on
  std::size_t recipient = 0;  // for RCPT
  bool final = false;         // whether its reply, or each of them, is to the end of the message
};

struct RecipientBatch;

// Is told what becomes of the dialogue.
class ClientObserver {
 public:
  virtual ~ClientObserver() = default;

  // A reply has come; called in order, before anything follows from it.
  virtual void replied(const PendingCommand& command, const Reply& reply, Outcome outcome) = 0;

  // The first command of one of the message's transactions, for these recipients, goes out now.
  virtual void transaction_begun(const RecipientBatch& /*batch*/) {}

  // The end of the message's content goes out with the transaction that was begun last. From here
  // on the server may take it, whatever becomes of the connection (RFC 1047).
  virtual void content_ended(std::uint64_t /*message*/) {}

  // The content of a message has been sent and its transaction had been agreed to (DATA), or
  // was taken (BDAT). Told once, with the first transaction of several.
  virtual void message_sent(std::uint64_t message) = 0;

  // The transaction that was begun first of those under way is over, after all of its replies.
  // `taken`: for how many of its recipients the server took the message. `again`: nothing was
  // decided, since it met a server that was not ready for it; it will be begun again.
  virtual void transaction_over(const RecipientBatch& /*batch*/, std::size_t /*taken*/,
                                bool /*again*/) {}

  // Nothing more is awaited for the message. `recipients`: for how many the server took it, over
  // all of its transactions; none: it was refused.
  virtual void message_over(std::uint64_t message, std::size_t recipients) = 0;
};

}  // namespace millrace::smtp
