#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "sasl/gnu_sasl.h"
#include "sasl/server.h"
#include "sink/answers/answer_observer.h"
#include "sink/lint/lint_observer.h"
#include "sink/options.h"
#include "sink/quotas.h"
#include "sink/rules/in_force.h"
#include "sink/session_facts.h"
#include "smtp/server_policy.h"

namespace millrace::sink {

// What decides in one session: the sink's rules, its quotas, who may authenticate.
class SessionPolicy final : public smtp::ServerPolicy {
 public:
  // What is decided with; all must outlive the policy.
  struct With {
    const SinkOptions& options;
    Quotas& quotas;
    rules::WorkerRules& rules;
    SessionFacts* facts;           // null: no rule asks for any
    AnswerObserver* later;         // null: none are sent
    Gsasl* sasl;                   // null unless AUTH is carried out
    LintObserver* lint = nullptr;  // null unless clients are judged
  };
  explicit SessionPolicy(const With& with) : with_(with) {}

  smtp::Decision decide(smtp::Verb verb, std::string_view arguments) override;
  smtp::Decision decide_content(smtp::Form form) override;
  smtp::Decision decide_end() override;
  bool admit_message() override;
  smtp::AuthenticationStep start_authentication(std::string_view mechanism,
                                                std::optional<std::string_view> initial) override;
  smtp::AuthenticationStep continue_authentication(std::string_view response) override;

  // TLS is to begin without a command: rules about STARTTLS are asked as if there had been one.
  smtp::Decision decide_handshake();

  // What the latest rule about a handshake, and about content, asks for besides.
  [[nodiscard]] rules::TlsFault tls_fault() const { return tls_fault_; }
  // Bytes a second at which content is read; 0: as fast as it comes.
  [[nodiscard]] std::uint64_t throttle() const { return throttle_; }

  // The messages that were admitted have been answered, but for so many.
  void messages_answered(std::size_t but = 0);

  // The session is over; `quit`: its QUIT was answered.
  void ended(bool quit);

 private:
  // Rules of files only, or those that options are as well.
  enum class Whose : std::uint8_t { files, all };

  smtp::Decision ask_about(smtp::Verb verb, std::string_view arguments);
  smtp::Decision ask_about_end();
  smtp::Decision ask_options(rules::Moment moment);
  smtp::Decision ask_at(rules::Moment moment, std::string_view arguments, Whose whose = Whose::all);
  smtp::Decision ask(rules::Moment moment, const rules::Facts& facts, Whose whose,
                     rules::OncePerMessage* once);
  void ask_later(const rules::Found& found, const rules::Facts& facts, bool whole);
  void log(const rules::Rule& rule, rules::Moment moment, const rules::Facts& facts);
  smtp::AuthenticationStep taken(smtp::AuthenticationStep step);

  const With with_;
  std::unique_ptr<sasl::Server> sasl_;          // during AUTH
  std::map<std::size_t, smtp::Decision> once_;  // while a message is decided on: of each rule
  std::size_t messages_due_ = 0;                // that were admitted and are not answered yet
  std::uint64_t throttle_ = 0;
  rules::TlsFault tls_fault_ = rules::TlsFault::none;
  bool quit_admitted_ = false;
};

}  // namespace millrace::sink
