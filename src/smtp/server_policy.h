#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/verb.h"

namespace millrace::smtp {

// What a policy decides about a command: first wait, if it says so, then act.
struct Ruling {
  enum class Action : std::uint8_t {
    proceed,   // the command takes its normal course
    answer,    // `reply` is sent instead, and nothing else happens
    farewell,  // `reply` is sent and the connection closed
    drop,      // the connection is closed without a word
  };

  Action action = Action::proceed;
  bool wait = false;            // act only when the owner of the session calls resume()
  std::string_view reply = {};  // with its CR LF; must outlive the wait, and a chunk
};

// What became of a message.
enum class Storage : std::uint8_t {
  kept,
  failed,       // the client is told 452
  too_large,    // the client is told 552
  turned_away,  // the connection is closed without a word
};

// How content comes over the wire.
enum class Form : std::uint8_t {
  dotted,  // DATA: leading dots are doubled, and the last piece holds the end mark
  plain,   // BDAT: as it is
};

// What a server says next in a SASL exchange.
struct AuthenticationStep {
  enum class Kind : std::uint8_t {
    challenge,
    accepted,
    refused,
    malformed,
    unexpected,  // an initial response, though the mechanism has the server begin
  };

  Kind kind = Kind::refused;
  std::string challenge = {};  // in Base64
};

// Decides over each command of a session and is told what the client sends. All views are
// valid during the call only.
class ServerPolicy {
 public:
  virtual ~ServerPolicy() = default;

  // A command line was read, known or not, without its CR LF.
  virtual void heard(std::string_view line) = 0;

  // Asked once a known command, before anything is replied; for the greeting as
  // Verb::connect and for a message's end as Verb::end_of_data.
  virtual Ruling rule(Verb verb, std::string_view arguments) = 0;

  // A reply is on its way, so many times (LMTP): to `verb`, or to a line that is no command.
  virtual void replied(std::optional<Verb> verb, std::string_view reply, std::size_t copies) = 0;

  // Asked after the 354 reply, before the content is read.
  virtual Ruling rule_content() = 0;

  // HELO, EHLO or LHLO was accepted, with the name that the client gave.
  virtual void greeted(Verb verb, std::string_view name) = 0;

  // A transaction begins, gains a recipient, or ends without a message. Arguments are all
  // that followed the keyword.
  virtual void mail(std::string_view arguments) = 0;
  virtual void recipient(std::string_view arguments) = 0;
  virtual void transaction_aborted() = 0;

  // Whether content() has a use for what it is told. Where it has none, content that nobody else
  // looks at need not be handed to the session (ServerSession::unwanted()).
  [[nodiscard]] virtual bool wants_content() const { return true; }

  // The next piece of the content.
  virtual void content(std::string_view bytes, Form form) = 0;

  // All content was read: stores the message.
  virtual Storage message_complete() = 0;

  // Begins a SASL exchange by one of the mechanisms announced; `initial`: the client's initial
  // response in Base64, if it gave one. Then goes on with it, until a step says its result.
  virtual AuthenticationStep start_authentication(std::string_view mechanism,
                                                  std::optional<std::string_view> initial) = 0;
  virtual AuthenticationStep continue_authentication(std::string_view response) = 0;

  // XCLIENT gives an attribute of the client (Postfix, XCLIENT_README). `name` in capitals.
  virtual void client_attribute(std::string_view name, std::string_view value) = 0;
};

}  // namespace millrace::smtp
