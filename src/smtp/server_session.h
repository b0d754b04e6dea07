#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/output.h"
#include "smtp/end_of_data.h"
#include "smtp/line_reader.h"
#include "smtp/server_policy.h"
#include "smtp/server_profile.h"
#include "smtp/verb.h"

namespace millrace::smtp {

// The server's side of one SMTP or LMTP connection. Bytes go in, replies come out; every rule
// of the dialogue is in this file and its source:
//
//   start    -> command                      the greeting
//   command  -> command | content | closed   each command line
//   content  -> command | closed             the end of data
//   any      -> paused -> any                a Ruling that waits, until resume()
//
// A command takes effect when it arrives; only its reply waits.
//
// HELO, EHLO, LHLO and RSET abort an open transaction (RFC 5321, 4.1.4). No HELO is required.
class ServerSession {
 public:
  // A command line with its CR must stay below this many bytes.
  static constexpr std::size_t kCommandLimit = 2'048;

  enum class Phase : std::uint8_t { start, command, content, paused, closed };

  // Why a session is closed.
  enum class Ending : std::uint8_t { open, quit, farewell, dropped, command_too_long };

  // All of these must outlive the session.
  ServerSession(const ServerProfile& profile, const ServerReplies& replies, ServerPolicy& policy)
      : profile_(profile), replies_(replies), policy_(policy) {}

  // The connection is there: appends the greeting.
  void start(Output& out);

  // Takes as many commands and as much content as `bytes` holds and appends the replies.
  // Returns how much was taken: all of it, unless the session paused or closed on the way.
  std::size_t feed(std::string_view bytes, Output& out);

  // Ends a pause. What was left of the input is fed next.
  void resume(Output& out);

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] Ending ending() const { return ending_; }

 private:
  enum class Transaction : std::uint8_t { none, mail, recipients };

  // What follows a reply.
  enum class Next : std::uint8_t { command, ask_content, content };

  // The answer to a command, whose effects are already done: what a pause puts off.
  struct Response {
    std::string_view reply;  // outlives the session or a pause; empty: none
    std::size_t copies = 1;  // LMTP answers the end of data once a recipient
    Next next = Next::command;
    Ending ending = Ending::open;
  };

  using Handler = Response (ServerSession::*)(std::string_view arguments);
  static const std::array<Handler, kVerbCount> kHandlers;

  void take_line(std::string_view line, Output& out);
  [[nodiscard]] bool known(Verb verb) const;
  void take_command(Verb verb, std::string_view arguments, Output& out);
  void give(Response response, bool wait, Output& out);
  void emit(Response response, Output& out);

  Response greet(std::string_view arguments);
  Response helo(std::string_view arguments);
  Response ehlo(std::string_view arguments);
  Response lhlo(std::string_view arguments);
  Response acknowledge(std::string_view arguments);
  Response mail(std::string_view arguments);
  Response rcpt(std::string_view arguments);
  Response data(std::string_view arguments);
  Response rset(std::string_view arguments);
  Response quit(std::string_view arguments);
  Response end_content(const Ruling& ruling);
  void abort_transaction();

  const ServerProfile& profile_;
  const ServerReplies& replies_;
  ServerPolicy& policy_;
  LineReader lines_{LineEnd::crlf, kCommandLimit};
  std::size_t recipients_ = 0;
  Response pending_;  // what a pause puts off
  EndOfData end_of_data_;
  Phase phase_ = Phase::start;
  Ending ending_ = Ending::open;
  Transaction transaction_ = Transaction::none;
};

}  // namespace millrace::smtp
