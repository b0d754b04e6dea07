#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "sink/listener.h"
#include "sink/session_observer.h"
#include "sink/store/keeper.h"
#include "sink/store/kept_message.h"
#include "smtp/dot_removal.h"

namespace millrace::sink {

// Has the messages of one session that are taken put into the stores, before they are answered.
class StoreObserver final : public SessionObserver {
 public:
  // Of a message's recipients so many bytes are kept at most; one with more is refused.
  static constexpr std::size_t kMostRecipientBytes = 1024 * 1024;

  // Both must outlive this, and `listener` its messages.
  StoreObserver(Keeper& keeper, const OpenListener& listener)
      : keeper_(keeper), listener_(listener) {}
  ~StoreObserver() override;

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void secured(const Handshake& handshake) override;

  void greeted(smtp::Verb verb, std::string_view name) override;
  void hello_forgotten() override { client_.helo.clear(); }
  void client_attribute(std::string_view name, std::string_view value) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override { forget(); }
  [[nodiscard]] bool wants_content() const override { return true; }
  void content(std::string_view bytes, smtp::Form form) override;
  smtp::Storage message_complete() override;
  bool record_first(const smtp::FinalReplies& replies) override;
  void message_answered(std::size_t /*accepted*/) override { forget(); }

 private:
  void append(std::string_view text);
  void forget();

  Keeper& keeper_;
  const OpenListener& listener_;
  KeptClient client_;
  smtp::Verb hello_ = smtp::Verb::helo;
  std::unique_ptr<KeptMessage> message_;  // of the transaction
  std::size_t recipient_bytes_ = 0;
  smtp::DotRemoval dots_;
};

}  // namespace millrace::sink
