#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "smtp/server_observer.h"
#include "smtp/verb.h"

namespace millrace::smtp {

// The text of a reply that a policy gives, with its CR LF. Whoever keeps it keeps the text: it
// outlasts the rules that it came from.
using GivenReply = std::shared_ptr<const std::string>;
inline GivenReply given_reply(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// Whether a reply says that the command is taken (RFC 5321, 4.2.1).
constexpr bool positive(std::string_view reply) {
  return reply.starts_with('2') || reply.starts_with('3');
}

// What LMTP answers one recipient at the end of data.
struct RecipientReply {
  GivenReply text = nullptr;  // null: the usual reply
  std::size_t repeat = 1;     // how often the text is sent
};
using RecipientReplies = std::shared_ptr<const std::vector<RecipientReply>>;

// What a policy decides about a command: wait, if it says so, then act.
struct Decision {
  enum class Action : std::uint8_t {
    proceed,   // the command takes its normal course; where it is taken, `reply` says so, if given
    answer,    // `reply` is sent instead, and nothing else happens
    farewell,  // `reply` is sent and the connection closed
    drop,      // the connection is closed without a word
    stall,     // nothing is answered any more, whatever comes
  };
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  Action action = Action::proceed;
  bool reset = false;                      // where it closes the connection: with a reset
  Duration wait{0};                        // before it acts; waits for one reply add up
  GivenReply reply = nullptr;              // see above
  std::size_t repeat = 1;                  // how often that is sent
  Duration step{0};                        // between the bytes of the reply, whichever it is
  RecipientReplies each = nullptr;         // LMTP, at the end of data: one a recipient
  std::uint64_t content_limit = kNoLimit;  // bytes of content; with them the connection is dropped
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

// Decides what becomes of each command of a session. All views are valid during the call only.
// What is only told, and decides nothing, is a ServerObserver's.
class ServerPolicy {
 public:
  virtual ~ServerPolicy() = default;

  // Asked once a known command, before anything is replied; for the greeting as Verb::connect. As
  // Verb::end_of_data "." comes where there is no message that it could end.
  virtual Decision decide(Verb verb, std::string_view arguments) = 0;

  // Asked before the content of a message is read: after the 354 reply, or at the first chunk that
  // is taken. Never to answer and go on: content would be taken for commands.
  virtual Decision decide_content(Form form) = 0;

  // Asked when all content of a message has come, before it is answered.
  virtual Decision decide_end() = 0;

  // All content of a message was read, and no limit is against it: whether it may be stored and
  // answered at all. If not, the connection is closed without a word.
  virtual bool admit_message() = 0;

  // Begins a SASL exchange by one of the mechanisms announced; `initial`: the client's initial
  // response in Base64, if it gave one. Then goes on with it, until a step says its result.
  virtual AuthenticationStep start_authentication(std::string_view mechanism,
                                                  std::optional<std::string_view> initial) = 0;
  virtual AuthenticationStep continue_authentication(std::string_view response) = 0;
};

}  // namespace millrace::smtp
