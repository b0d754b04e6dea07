#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/lint/content_judge.h"
#include "sink/lint/lint_totals.h"
#include "sink/lint/order_judge.h"
#include "sink/lint/session_findings.h"
#include "sink/listener.h"
#include "sink/session_observer.h"
#include "sink/shown_lines.h"
#include "smtp/server_policy.h"

namespace millrace::sink {

// Judges the client of one session.
class LintObserver final : public SessionObserver {
 public:
  // Of so many recipients it is known that their message was deferred.
  static constexpr std::size_t kMostRecipients = 1'000;

  // Both must outlive this.
  LintObserver(LintTotals& totals, const Listener& listener);

  // It is now so late.
  void time(TimePoint now) { now_ = now; }

  // What the client has said before the greeting went out; empty, if it has not. It is told once.
  void spoke_first(std::string_view bytes);
  [[nodiscard]] bool greeting_sent() const { return greeting_sent_; }
  // What came in place of a handshake is no TLS.
  void no_tls_handshake() { findings_.add(Finding::no_tls_handshake); }

  // What it had begun to send did not come in time.
  void read_timeout();
  // It goes while it is owed a reply, or never gets one: it does not have to say QUIT.
  void left_unanswered() { unanswered_ = true; }

  // What was just found is refused in place of what was decided, where that was to go on.
  void object(smtp::Decision& decision);

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void secured(const Handshake& handshake) override;
  void ended(Ending ending, int error, TimePoint now) override;

  void heard(smtp::Line line, std::string_view text, std::string_view behind) override;
  void line_too_long() override { findings_.add(Finding::long_command); }
  void commanded(smtp::Verb verb, std::string_view arguments) override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;
  void greeted(smtp::Verb verb, std::string_view name) override;
  void hello_forgotten() override;
  void client_attribute(std::string_view name, std::string_view value) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override;
  [[nodiscard]] bool wants_content() const override { return true; }
  void content(std::string_view bytes, smtp::Form form) override;
  void content_over(std::string_view behind) override;
  smtp::Storage message_complete() override;

 private:
  void judge_command(std::string_view text);
  void judge_pace(const smtp::Command& command, std::string_view behind);
  void judge_mail(std::string_view arguments);
  void judge_recipient(std::string_view arguments);
  void judge_auth(std::string_view arguments);
  void judge_chunk(std::string_view arguments);
  void object_to_content();
  void message_answered_with(std::string_view reply, std::size_t copies);

  LintTotals& totals_;
  const Listener& listener_;
  SessionFindings findings_;
  OrderJudge order_;
  ContentJudge content_;
  ContentJudge::Declared declared_;  // by the latest MAIL
  TimePoint now_;
  std::string address_;
  std::string hello_;  // the first name that it gave, printable
  ShownLines lines_;
  std::string sample_;  // what is shown of the line that was heard last
  std::string sender_;
  std::uint64_t attempt_ = 0;            // the latest recipient, as Deferrals has it
  std::vector<std::uint64_t> attempts_;  // those of the message that were taken
  std::size_t answered_ = 0;             // of these, where each has a reply of its own
  std::uint64_t chunk_left_ = 0;         // bytes of BDAT that are to come
  std::optional<SessionFindings::Objection> objection_;  // to the content so far
  bool ending_ = false;        // the end mark or the last chunk of a message has come
  bool behind_chunk_ = false;  // the next line is the first behind a chunk
  bool in_content_ = false;
  bool greeting_sent_ = false;
  bool spoke_first_ = false;
  bool unanswered_ = false;
  bool hello_said_ = false;
  bool extended_ = false;         // the latest was not HELO
  smtp::ExtensionSet announced_;  // by the latest reply to EHLO or LHLO, a rule's as well
  bool secured_ = false;
};

}  // namespace millrace::sink
