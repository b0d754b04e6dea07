#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "smtp/verb.h"

namespace millrace::smtp {

// How content comes over the wire.
enum class Form : std::uint8_t {
  dotted,  // DATA: leading dots are doubled, and the last piece holds the end mark
  plain,   // BDAT: as it is
};

// What became of a message where it was to be stored; the worst comes last.
enum class Storage : std::uint8_t {
  kept,
  failed,     // the client is told 452
  too_large,  // the client is told 552
};

// What a line from the client is.
enum class Line : std::uint8_t {
  command,        // known or not
  sasl_response,  // a secret
};

struct RecipientReply;  // smtp/server_policy.h

// What the end of a complete message is about to be answered with.
struct FinalReplies {
  std::string_view usual;  // empty: nothing
  // LMTP, where they differ: one a recipient, of which those without a text are the usual one.
  const std::vector<RecipientReply>* each = nullptr;

  // Whether they say to the recipient of this number, from 0, that the message is taken.
  [[nodiscard]] bool accept(std::size_t recipient) const;
  // How many of so many recipients they say it to.
  [[nodiscard]] std::size_t accepted(std::size_t recipients) const;
};

// Is told what happens in a session, in the order in which it does, and decides nothing. Each
// call has a body that does nothing: an observer takes what it is interested in. All views are
// valid during the call only.
class ServerObserver {
 public:
  virtual ~ServerObserver() = default;

  // A line was read, without its CR LF. `behind`: what has come behind it already.
  virtual void heard(Line /*line*/, std::string_view /*text*/, std::string_view /*behind*/) {}

  // A line is too long to be read, which ends the session.
  virtual void line_too_long() {}

  // A command is known and about to be decided on; as for ServerPolicy::decide().
  virtual void commanded(Verb /*verb*/, std::string_view /*arguments*/) {}

  // A reply is on its way, so many times: to `verb`, or to a line that is no command.
  virtual void replied(std::optional<Verb> /*verb*/, std::string_view /*reply*/,
                       std::size_t /*copies*/) {}

  // HELO, EHLO or LHLO was accepted, with the name that the client gave.
  virtual void greeted(Verb /*verb*/, std::string_view /*name*/) {}

  // TLS is in place: what the client said of itself in the clear is forgotten (RFC 3207, 4.2).
  virtual void hello_forgotten() {}

  // XCLIENT gives an attribute of the client (Postfix, XCLIENT_README). `name` in capitals.
  virtual void client_attribute(std::string_view /*name*/, std::string_view /*value*/) {}

  // A transaction begins, gains a recipient, or ends without a message. Arguments are all
  // that followed the keyword.
  virtual void mail(std::string_view /*arguments*/) {}
  virtual void recipient(std::string_view /*arguments*/) {}
  virtual void transaction_aborted() {}

  // Whether content() has a use for what it is told. Where it has none, content that nobody else
  // looks at need not be handed to the session (ServerSession::unwanted()).
  [[nodiscard]] virtual bool wants_content() const { return false; }

  // The next piece of the content.
  virtual void content(std::string_view /*bytes*/, Form /*form*/) {}

  // The end mark of dotted content was read; `behind` as of heard().
  virtual void content_over(std::string_view /*behind*/) {}

  // All content was read and the message admitted: whoever stores it does so before it is
  // answered, and says what became of it. Its transaction is over.
  virtual Storage message_complete() { return Storage::kept; }

  // At least one recipient of the complete message is about to be told that it is taken; any pause
  // is over. True: whoever watches has to put that on record first. Nothing is answered then until
  // ServerSession::recorded().
  virtual bool record_first(const FinalReplies& /*replies*/) { return false; }

  // The message that was complete is answered: so many of its recipients were accepted.
  virtual void message_answered(std::size_t /*accepted*/) {}
};

}  // namespace millrace::smtp
