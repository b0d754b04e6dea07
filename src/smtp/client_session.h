#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/output.h"
#include "smtp/envelope.h"
#include "smtp/reply.h"
#include "smtp/verb.h"

namespace millrace::smtp {

// Is told each reply, in order, with the command that it answers.
class ClientObserver {
 public:
  virtual ~ClientObserver() = default;

  // `expected`: the reply lets the dialogue go on as planned (2xx; 3xx to DATA).
  virtual void replied(Verb answered, const Reply& reply, bool expected) = 0;
};

// The client's side of one SMTP or LMTP connection, one transaction at a time. Replies go in,
// commands come out; every rule of the dialogue is in this file and its source:
//
//   greeting -> hello -> ready                   (without a hello: greeting -> ready)
//   ready    -> MAIL -> RCPT ... -> DATA -> content -> ready      send()
//   ready    -> QUIT -> finished                                  quit()
//
// When the server refuses MAIL, every RCPT or DATA, the transaction ends with RSET; some RCPTs
// accepted is enough to go on. A refused greeting or HELO changes nothing. 421 and 521 close
// the session wherever they come.
class ClientSession {
 public:
  enum class Phase : std::uint8_t {
    busy,      // a reply is awaited
    ready,     // send() or quit() is next
    finished,  // QUIT was answered
    closed,    // the server said that it closes (421, 521)
    broken,    // the server is out of step, or says too much: see fault()
  };

  // `hello`: the HELO, EHLO or LHLO command with its CR LF; empty: none is sent. Both must
  // outlive the session.
  ClientSession(Verb hello_verb, std::string_view hello, ClientObserver& observer)
      : hello_(hello), observer_(observer), hello_verb_(hello_verb) {}

  // Takes what the server sent and appends the commands that follow from it.
  void feed(std::string_view bytes, Output& out);

  // Starts a transaction; phase() must be ready. `envelope` must stay until the next ready.
  void send(const Envelope& envelope, Output& out);

  // Says goodbye; phase() must be ready.
  void quit(Output& out);

  [[nodiscard]] Phase phase() const { return phase_; }

  // The command whose reply is awaited, or came last.
  [[nodiscard]] Verb awaited() const { return awaited_; }

  // How many recipients of the transaction have been named so far.
  [[nodiscard]] std::size_t recipients_sent() const { return recipients_sent_; }

  // What the server did wrong, as a clause for a message: set when phase() is broken, or closed
  // by a reply that nothing asked for; else empty.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  void take_reply(const Reply& reply, Output& out);
  void next_recipient(Output& out);
  void command(Verb verb, std::string_view text, Output& out);
  void reset(Output& out);
  void be_ready();
  void refuse_unasked(const Reply& reply);

  std::string_view hello_;
  ClientObserver& observer_;
  const Envelope* envelope_ = nullptr;
  ReplyReader replies_;
  std::size_t recipients_sent_ = 0;
  std::size_t recipients_accepted_ = 0;
  std::size_t replies_due_ = 0;  // after the end of data; LMTP: one an accepted recipient
  std::string fault_;
  Verb hello_verb_;
  Verb awaited_ = Verb::connect;
  Phase phase_ = Phase::busy;
};

// Whether a reply lets the dialogue go on as planned.
bool expected_reply(Verb answered, const Reply& reply);

}  // namespace millrace::smtp
