#pragma once

#include <cstdint>
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
  std::string_view reply = {};  // with its CR LF; must outlive the wait
};

// What became of a message.
enum class Storage : std::uint8_t {
  kept,
  failed,       // the client is told 452
  turned_away,  // the connection is closed without a word
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

  // Asked after the 354 reply, before the content is read.
  virtual Ruling rule_content() = 0;

  // HELO, EHLO or LHLO was accepted, with the name that the client gave.
  virtual void greeted(Verb verb, std::string_view name) = 0;

  // A transaction begins, gains a recipient, or ends without a message. Arguments are all
  // that followed the keyword.
  virtual void mail(std::string_view arguments) = 0;
  virtual void recipient(std::string_view arguments) = 0;
  virtual void transaction_aborted() = 0;

  // The next piece of the content as it came, dots still doubled; the last one holds the end
  // mark.
  virtual void content(std::string_view bytes) = 0;

  // The end mark was read: stores the message.
  virtual Storage message_complete() = 0;
};

}  // namespace millrace::smtp
