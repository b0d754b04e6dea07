#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/content_decoder.h"
#include "sink/listener.h"
#include "sink/rules/facts.h"
#include "sink/rules/in_force.h"
#include "sink/rules/moment.h"
#include "sink/rules/open_session.h"
#include "sink/rules/windows.h"
#include "sink/session_observer.h"
#include "smtp/content_check.h"

namespace millrace::sink {

// What rules may ask of one session, put down as it is told.
class SessionFacts final : public SessionObserver {
 public:
  // How much of a content is looked at for its header.
  static constexpr std::size_t kHead = 64 * 1024;
  // Where rules are about any of a message's recipients, so many are looked at; where they are
  // asked for each, all of them. No address has more bytes than this (RFC 5321, 4.5.3.1).
  static constexpr std::size_t kMostRecipients = 1'000;
  static constexpr std::size_t kLongestAddress = 320;

  // `rules`, `windows` and `listener` must outlive this. `start`: of the sink.
  SessionFacts(const rules::WorkerRules& rules, rules::Windows& windows,
               const OpenListener& listener, std::uint64_t session, TimePoint start);

  // It is now so late.
  void time(TimePoint now);

  // What is known when a command is decided on. Valid until something else is told.
  const rules::Facts& at(rules::Moment moment, std::string_view arguments);
  // The same of one of the recipients that were accepted, when the end of data is decided on.
  const rules::Facts& for_recipient(std::size_t number);
  // What was asked for last is about this recipient.
  void about(std::string_view recipient) { facts_.recipient = recipient; }
  // How many were accepted, where rules are asked for each; else none.
  [[nodiscard]] std::size_t recipients() const {
    return kept_.each_recipient ? recipients_.size() : 0;
  }

  // The client has authenticated as this user.
  void authenticated(const std::string& user);

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void secured(const Handshake& handshake) override;

  void greeted(smtp::Verb verb, std::string_view name) override;
  void hello_forgotten() override;
  void client_attribute(std::string_view name, std::string_view value) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override { forget_transaction(); }
  [[nodiscard]] bool wants_content() const override;
  void content(std::string_view bytes, smtp::Form form) override;
  smtp::Storage message_complete() override;

 private:
  void be(const net::SocketAddress& client);
  void forget_transaction();

  const rules::WorkerRules& rules_;
  rules::Windows& windows_;
  const TimePoint start_;
  const bool lmtp_;
  rules::Facts facts_;                      // views into what follows
  std::optional<rules::OpenSession> open_;  // counts as one of its client's
  std::string client_text_;
  std::string helo_;
  std::string user_;
  std::optional<std::string> sender_;  // a transaction is open
  // What is kept of it: what the rules looked at that held when it began. What others look at is
  // not known of it.
  rules::RuleSet::Needs kept_;
  std::optional<std::uint64_t> declared_size_;
  std::vector<std::string> recipients_;  // where rules look at them
  std::string head_;                     // the same
  ContentDecoder decoder_;
  smtp::ContentCheck counted_;
};

}  // namespace millrace::sink
