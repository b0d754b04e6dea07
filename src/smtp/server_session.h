#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/output.h"
#include "smtp/content_check.h"
#include "smtp/end_of_data.h"
#include "smtp/line_reader.h"
#include "smtp/mail_parameters.h"
#include "smtp/server_authentication.h"
#include "smtp/server_chunk.h"
#include "smtp/server_observer.h"
#include "smtp/server_policy.h"
#include "smtp/server_profile.h"
#include "smtp/verb.h"

namespace millrace::smtp {

// The server's side of one SMTP or LMTP connection. Bytes go in, replies come out; the rules of the
// dialogue are in this file, its source, the commands' (server_commands.cc) and that of how it
// answers (server_responses.cc):
//
//   start    -> command                      the greeting
//   command  -> command | content | closed   each command line
//   content  -> command | closed             the end of data
//   command  -> chunk -> command | closed    BDAT and its content (RFC 3030)
//   command  -> sasl -> command              AUTH and the responses (RFC 4954)
//   command  -> securing -> command          STARTTLS, until secured() (RFC 3207)
//   any      -> paused -> any                a Decision that waits, until resume()
//   content  -> recording -> command         an observer that has to put it on record first, until
//                                            recorded()
//   any      -> replying -> any              more replies than kReplyBound, until resume()
//   any      -> stalled                      a Decision never to answer; what comes is dropped
//
// A command takes effect when it arrives; only its reply waits.
//
// HELO, EHLO, LHLO and RSET abort an open transaction (RFC 5321, 4.1.4). No HELO is required.
class ServerSession {
 public:
  enum class SessionPhase : std::uint8_t {
    start,
    command,
    content,
    chunk,
    sasl,
    securing,
    paused,
    recording,
    replying,
    stalled,
    closed
  };

  // When this many bytes of replies are unsent, the copies of one reply have to wait.
  static constexpr std::size_t kReplyBound = 64 * 1024;

  // Why a session is closed.
  enum class Ending : std::uint8_t { open, quit, farewell, dropped, reset, command_too_long };

  // All of these must outlive the session.
  ServerSession(const ServerProfile& profile, const ServerReplies& replies, ServerPolicy& policy,
                ServerObserver& observer)
      : profile_(profile),
        replies_(replies),
        policy_(policy),
        observer_(observer),
        lines_(LineEnd::crlf, profile.command_limit(),
               {.keyword = keyword(Verb::auth), .limit = ServerProfile::kAuthLimit}),
        authentication_(profile, policy) {}

  // What is known of a client before it speaks.
  struct Client {
    bool secured = false;  // TLS is in place already
    bool trusted = false;  // its XCLIENT is believed, where it takes effect at all
  };

  // The connection is there: appends the greeting.
  void start(Client client, Output& out);

  // TLS is in place after STARTTLS. All that was said before it is forgotten (RFC 3207, 4.2).
  void secured();

  // Takes as many commands and as much content as `bytes` holds and appends the replies.
  // Returns how much was taken: all of it, unless the session paused, closed, turned to TLS or
  // owes more replies than may be unsent.
  std::size_t feed(std::string_view bytes, Output& out);

  // How many of the bytes that come next are content which nobody looks at: instead of being fed
  // they may be dropped, all of them or some, and only counted.
  [[nodiscard]] std::uint64_t unwanted() const;
  void skip(std::uint64_t bytes, Output& out);

  // Ends a pause, or goes on with the replies once `out` holds less than kReplyBound. What was
  // left of the input is fed next.
  void resume(Output& out);

  // Ends the wait of a message that was to be put on record before it is answered. `kept`: it is;
  // else recipients that were to be accepted are told 452. What was left of the input is fed next.
  void recorded(bool kept, Output& out);

  [[nodiscard]] SessionPhase phase() const { return phase_; }
  // How long the pause is.
  [[nodiscard]] Duration wait() const { return wait_; }
  // Whether something that the client is to be told has to wait.
  [[nodiscard]] bool owes_reply() const {
    return phase_ == SessionPhase::replying || phase_ == SessionPhase::recording ||
           (phase_ == SessionPhase::paused && !pending_.reply.empty());
  }
  // Whether a message was admitted whose reply is not out yet.
  [[nodiscard]] bool owes_final_reply() const { return owes_final_reply_; }
  [[nodiscard]] Ending ending() const { return ending_; }

 private:
  enum class TransactionState : std::uint8_t {
    none,
    mail,
    recipients,
    chunks,
    failed,  // takes nothing until the message's end or RSET
  };

  // The answer to a command, whose effects are already done: what a pause puts off.
  struct Response {
    std::string_view reply;   // outlives the session or a pause; empty: none
    std::size_t copies = 1;   // LMTP answers the end of a message once a recipient
    Duration step{0};         // between its bytes
    std::size_t said = 0;     // how often the current copy was sent, where it is repeated
    std::size_t written = 0;  // bytes of it, where they come step by step
    SessionPhase next = SessionPhase::command;
    Ending ending = Ending::open;
    bool asks_for_content = false;  // the policy is asked about content once more
    bool refusal = false;           // it counts as an error of the client
    std::size_t repeat = 1;         // how often each copy is sent
    const std::vector<RecipientReply>* each = nullptr;  // in place of `reply`, one a copy
    bool unrecorded = false;                            // what would be accepted is told 452
  };

  // A command: in which servers it is known, and what it does.
  struct CommandSpec {
    Verb verb;
    bool (*known)(const ServerProfile& profile);
    Response (ServerSession::*handler)(std::string_view arguments);
  };
  static const std::array<CommandSpec, kVerbCount> kCommands;

  void take_line(std::string_view line, std::string_view behind, Output& out);
  void refuse_long_line(std::string_view rest, Output& out);
  std::size_t take_content(std::string_view bytes, Output& out);
  std::size_t take_chunk(std::string_view bytes, Output& out);
  void pass_chunk(std::uint64_t bytes, Output& out);
  void take_piece(std::string_view bytes, Form form);
  [[nodiscard]] std::string_view refuse_content() const;
  void begin_chunk(std::string_view arguments, Output& out);
  [[nodiscard]] std::string_view refuse_sequence() const;
  void end_chunk(Output& out);
  [[nodiscard]] bool takes_chunk() const { return chunk_.refusal.empty() && !chunk_.answered; }
  Response refuse_chunk(std::string_view reply);
  [[nodiscard]] bool known(Verb verb) const;
  Decision decide(Verb verb, std::string_view arguments);
  Decision decide_end();
  void take_command(Verb verb, std::string_view arguments, Output& out);
  Response response_to(const Decision& decision, Response usual);
  void give(const Response& response, Duration wait, Output& out);
  void emit(Response response, Output& out);
  void answer(Response response, Output& out);
  void append_replies(Response& response, Output& out);
  void pause(const Response& response, Duration wait);
  bool tell(const Response& response);
  // What is sent for one copy of a response, and how often.
  struct Copy {
    std::string_view reply;
    std::size_t repeat;
  };
  static Copy next_copy(const Response& response);
  void open_content(Form form, SessionPhase next, Output& out);
  [[nodiscard]] std::size_t acceptable(std::string_view bytes) const;

  Response greet(std::string_view arguments);
  Response helo(std::string_view arguments);
  Response ehlo(std::string_view arguments);
  Response lhlo(std::string_view arguments);
  Response extended_hello(Verb verb, std::string_view name);
  Response starttls(std::string_view arguments);
  Response xclient(std::string_view arguments);
  Response auth(std::string_view arguments);
  Response acknowledge(std::string_view arguments);
  Response mail(std::string_view arguments);
  Response rcpt(std::string_view arguments);
  Response data(std::string_view arguments);
  Response rset(std::string_view arguments);
  Response quit(std::string_view arguments);
  [[nodiscard]] Response authentication_step(std::string_view reply) const;
  Response end_message(const Decision& decision);
  [[nodiscard]] std::string_view refuse_parameters(const MailParameters& parameters) const;
  [[nodiscard]] bool amid_chunks() const {
    return transaction_ == TransactionState::chunks || transaction_ == TransactionState::failed;
  }
  [[nodiscard]] bool needs_utf8(std::string_view path) const;
  [[nodiscard]] std::size_t final_replies() const;
  void abort_transaction(TransactionState after);

  const ServerProfile& profile_;
  const ServerReplies& replies_;
  ServerPolicy& policy_;
  ServerObserver& observer_;
  LineReader lines_;
  ServerAuthentication authentication_;
  std::size_t recipients_ = 0;    // of the transaction
  std::size_t transactions_ = 0;  // begun in this session, as the two below
  std::size_t commands_ = 0;
  std::size_t errors_ = 0;
  ContentCheck check_;
  ServerChunk chunk_;
  std::optional<Verb> answering_;  // the command that the next reply is to; none: no command
  Response pending_;               // what a pause puts off, or what is left of it
  GivenReply given_;               // keeps the text of the policy's latest reply
  RecipientReplies given_each_;    // the same, of those to single recipients
  Duration wait_{0};
  std::uint64_t content_left_ = Decision::kNoLimit;  // until the connection is dropped
  EndOfData end_of_data_;
  SessionPhase phase_ = SessionPhase::start;
  Ending ending_ = Ending::open;
  TransactionState transaction_ = TransactionState::none;
  Client client_;
  bool binary_ = false;  // the transaction is of BODY=BINARYMIME: no DATA
  bool utf8_ = false;    // it is of SMTPUTF8
  bool owes_final_reply_ = false;
};

}  // namespace millrace::smtp
