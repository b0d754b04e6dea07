#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/answers/answer_queue.h"
#include "sink/answers/content_head.h"
#include "sink/session_observer.h"

namespace millrace::sink {

// What the rules ask for in one session, until it is known that its message was taken: then the
// answers go to the queue. They are forgotten when the transaction ends otherwise.
class AnswerObserver final : public SessionObserver {
 public:
  // `queue` must outlive this.
  explicit AnswerObserver(AnswerQueue& queue) : queue_(queue) {}

  // A rule asks for an answer, `delay` after the message is taken. To be called while RCPT or the
  // end of data is decided on: what is asked for at RCPT goes with that command when it is refused.
  // `recipient`: on whose behalf, without brackets: the one that RCPT names, or one that was
  // accepted. Of each kind a recipient has one answer, that which is asked for first.
  void asked_for(const rules::LaterAnswer& what, std::string_view recipient, Duration delay);

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void client_attribute(std::string_view name, std::string_view value) override;

  void commanded(smtp::Verb verb, std::string_view arguments) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override;
  [[nodiscard]] bool wants_content() const override { return !head_.full(); }
  void content(std::string_view bytes, smtp::Form form) override;
  smtp::Storage message_complete() override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;
  void message_answered(std::size_t accepted) override;

 private:
  struct Recipient {
    std::string arguments;  // of RCPT
    unsigned kinds = 0;     // of answers that are asked for, a bit each
  };
  struct Asked {
    std::shared_ptr<const rules::LaterAnswer> what;
    std::size_t recipient;  // its place
    Duration delay{0};
  };

  [[nodiscard]] std::shared_ptr<const rules::LaterAnswer> shared(
      const rules::LaterAnswer& what) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view recipient, unsigned kind) const;
  [[nodiscard]] bool was_accepted(std::size_t recipient) const;
  void forget();
  void offer_all();

  AnswerQueue& queue_;
  ContentHead head_;
  std::string client_;
  std::string mail_;  // the arguments of MAIL
  std::time_t arrived_ = 0;
  std::vector<Recipient> recipients_;  // that were accepted
  std::vector<Asked> asked_;
  std::size_t agreed_ = 0;      // of them: their RCPT was accepted
  std::size_t latest_ = 0;      // the place that was found last
  bool at_rcpt_ = false;        // that is the command which is decided on
  bool complete_ = false;       // the message waits for its replies
  std::vector<bool> accepted_;  // what those that came say: one for all, or one for each
};

}  // namespace millrace::sink
