#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/output.h"
#include "smtp/client_opening.h"
#include "smtp/client_plan.h"
#include "smtp/client_transactions.h"
#include "smtp/message_source.h"
#include "smtp/reply.h"

namespace millrace::smtp {

// The client's side of one SMTP or LMTP connection. Replies go in, commands come out: the
// opening (client_opening.h), then transactions (client_transactions.h), then QUIT. 421 and 521
// close the session wherever they come.
class ClientSession {
 public:
  enum class DialoguePhase : std::uint8_t {
    opening,
    securing,        // STARTTLS was agreed to: TLS is next, then secured()
    open,            // for transactions: may_send() and idle() say more
    opening_failed,  // the server cannot do what is needed, only quit() is left: see fault()
    leaving,         // QUIT was sent
    finished,        // QUIT was answered
    closed,          // the server said that it closes (421, 521)
    broken,          // the server is out of step, or says too much: see fault()
  };

  // What belongs to this session alone; see ClientOpening.
  struct Identity {
    std::string_view xclient;
    Authenticator* authenticator = nullptr;
  };

  // All must outlive the session.
  ClientSession(const ClientPlan& plan, Identity identity, const MessageSource& source,
                ClientObserver& observer)
      : observer_(observer),
        opening_(plan, identity.xclient, identity.authenticator),
        transactions_(plan, source, observer) {}

  // Takes what the server sent and appends the commands that follow from it. Returns how much
  // was taken: all of it, unless TLS is next.
  std::size_t feed(std::string_view bytes, Output& out);

  // TLS is in place after STARTTLS.
  void secured(Output& out);

  // Whether send() may be called now, and whether nothing is under way.
  [[nodiscard]] bool may_send() const {
    return phase_ == DialoguePhase::open && transactions_.may_send();
  }
  [[nodiscard]] bool idle() const { return phase_ == DialoguePhase::open && transactions_.idle(); }
  // Whether commands follow each other without waiting for replies.
  [[nodiscard]] bool pipelines() const { return transactions_.pipelines(); }
  // Whether the server takes no further message on this session (RFC 9422).
  [[nodiscard]] bool exhausted() const { return transactions_.exhausted(); }

  // Sends the source's message of this number.
  void send(std::uint64_t message, Output& out) { transactions_.send(message, out); }

  // Says goodbye; the session must be idle, or its opening have failed.
  void quit(Output& out);

  [[nodiscard]] DialoguePhase phase() const { return phase_; }

  // What the next reply answers, or the last one answered; between messages the connection as a
  // whole (connect).
  [[nodiscard]] PendingCommand pending_command() const;

  // What the server lacks or did wrong, as a clause for a message: set when phase() is broken,
  // opening_failed for something that it does not announce or did not prove, or closed by a reply
  // that nothing asked for; else empty.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  bool take_reply(const Reply& reply, Output& out);
  void follow_opening();
  void break_off(DialoguePhase phase, std::string fault);
  [[nodiscard]] bool over() const;
  [[nodiscard]] std::size_t outstanding() const;
  [[nodiscard]] Outcome judge(const Reply& reply) const;

  ClientObserver& observer_;
  ReplyReader replies_;
  ClientOpening opening_;
  ClientTransactions transactions_;
  std::string fault_;
  DialoguePhase phase_ = DialoguePhase::opening;
};

}  // namespace millrace::smtp
