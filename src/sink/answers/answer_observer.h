#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
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

  // A rule asks for an answer, `delay` after the message is taken. To be called while a command or
  // the end of data is decided on: what is asked for then goes with that command when it is
  // refused. `recipient`: without brackets; empty: none is meant.
  void asked_for(const rules::LaterAnswer& what, std::string recipient, Duration delay);

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void client_attribute(std::string_view name, std::string_view value) override;

  void mail(std::string_view arguments) override;
  void transaction_aborted() override;
  [[nodiscard]] bool wants_content() const override { return !head_.full(); }
  void content(std::string_view bytes, smtp::Form form) override;
  smtp::Storage message_complete() override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;

 private:
  struct Asked {
    rules::LaterAnswer what;
    std::string recipient;
    Duration delay{0};
  };

  void forget();
  void offer_all();

  AnswerQueue& queue_;
  ContentHead head_;
  std::string client_;
  std::string sender_;
  std::time_t arrived_ = 0;
  std::vector<Asked> asked_;
  std::size_t agreed_ =
      0;                   // of them: their command was answered well, or their message is complete
  bool complete_ = false;  // the message waits for its reply
};

}  // namespace millrace::sink
