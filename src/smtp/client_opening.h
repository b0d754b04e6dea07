#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/output.h"
#include "smtp/authenticator.h"
#include "smtp/capabilities.h"
#include "smtp/client_plan.h"

namespace millrace::smtp {

// The client's dialogue up to the first transaction, one command at a time:
//
//   greeting -> hello [-> STARTTLS -> TLS -> hello] [-> XCLIENT -> hello] [-> AUTH ...] -> ready
//
// A refused greeting, HELO or LHLO changes nothing; a refused EHLO is followed by HELO (RFC
// 5321, 3.2). What the server announced before TLS is forgotten (RFC 3207, 4.2).
class ClientOpening {
 public:
  enum class State : std::uint8_t {
    speaking,
    securing,  // the 220 to STARTTLS has come: TLS is next, then secured()
    ready,
    failed,  // the server refused, or lacks, what the plan needs: see fault()
  };

  // `xclient`: the arguments of XCLIENT, empty to send none; `authenticator`: null to send no
  // AUTH. All must outlive the opening.
  ClientOpening(const ClientPlan& plan, std::string_view xclient, Authenticator* authenticator)
      : plan_(plan), xclient_(xclient), authenticator_(authenticator) {}

  // What a reply to awaited() means.
  [[nodiscard]] Outcome judge(const Reply& reply) const;

  // Takes the reply to awaited(), judged before, and appends the command that follows.
  void take_reply(const Reply& reply, Outcome outcome, Output& out);

  // TLS is in place, by STARTTLS: begins again. (With TLS from the start this is not called.)
  void secured(Output& out);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Verb awaited() const { return awaited_; }

  // Why it failed, as a clause for a message; empty when its reply says it.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  // What the server announced, and what of it is in use.
  [[nodiscard]] const Capabilities& capabilities() const { return capabilities_; }
  [[nodiscard]] ExtensionSet used() const;

 private:
  void say_hello(Verb verb, Output& out);
  void after_hello(Output& out);
  void start_authentication(Output& out);
  void answer_challenge(const Reply& reply, Output& out);
  void command(Verb verb, std::string_view text, Output& out);
  [[nodiscard]] bool offered(Extension extension);
  void give_up(std::string fault);

  const ClientPlan& plan_;
  std::string_view xclient_;
  Authenticator* authenticator_;
  Capabilities capabilities_;
  std::optional<std::string> held_response_;  // the initial response, when it goes alone
  std::string fault_;                         // known already where an exchange was cancelled
  Verb awaited_ = Verb::connect;
  State state_ = State::speaking;
  bool secured_ = false;
  bool introduced_ = false;  // XCLIENT is done
};

}  // namespace millrace::smtp
