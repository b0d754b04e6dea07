#pragma once

#include <cstdint>
#include <string_view>

#include "sink/lint/session_findings.h"
#include "smtp/verb.h"

namespace millrace::sink {

// Judges in which order a client says its commands (RFC 5321, 4.1.4; RFC 3207; RFC 4954). What it
// has tried counts, not what was taken of it: who pipelines does not know yet.
class OrderJudge {
 public:
  // `findings` must outlive this.
  explicit OrderJudge(SessionFindings& findings) : findings_(findings) {}

  // A command is known, and about to be decided on.
  void commanded(smtp::Verb verb, std::string_view sample);

  // What became of some.
  void greeted() { hello_ = Hello::said; }
  void authenticated() { authenticated_ = true; }
  void secured() { secured_ = true; }
  void hello_forgotten();
  void transaction_begun() { open_ = true; }
  void transaction_over() { open_ = false; }
  // A message has ended, taken or not: what comes next is another one.
  void message_over() { tried_ = Tried::nothing; }

  [[nodiscard]] bool greeted_once() const { return hello_ == Hello::said; }

 private:
  enum class Hello : std::uint8_t { missing, said, forgotten };
  // How far the client is with a message.
  enum class Tried : std::uint8_t { nothing, mail, recipient, chunk };

  void judge_hello(smtp::Verb verb, std::string_view sample);
  [[nodiscard]] bool in_order(smtp::Verb verb) const;
  void go_on(smtp::Verb verb);

  SessionFindings& findings_;
  Hello hello_ = Hello::missing;
  bool told_ = false;  // that it is missing, or forgotten
  Tried tried_ = Tried::nothing;
  bool open_ = false;  // a transaction that was taken
  bool secured_ = false;
  bool authenticated_ = false;
};

}  // namespace millrace::sink
