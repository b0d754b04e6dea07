#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/names.h"
#include "net/endpoint.h"
#include "smtp/server_observer.h"

namespace millrace::sink {

// Whose doing the end of a session is. What we did ourselves was told as what it was.
enum class Ending : std::uint8_t { clients, quit, ours };

// A TLS handshake that was done.
struct Handshake {
  std::string_view version;
  std::string_view cipher;
  bool resumed = false;
  bool client_certificate = false;
};

// Is told of one session what the dialogue does not say, besides what it does.
class SessionObserver : public smtp::ServerObserver {
 public:
  // The client is there, at `peer`; a PROXY header says that it speaks for `source`.
  virtual void opened(const net::SocketAddress& /*peer*/, TimePoint /*now*/) {}
  virtual void speaks_for(const net::SocketAddress& /*source*/) {}

  virtual void secured(const Handshake& /*handshake*/) {}

  // A reply was sent that no command asked for; why is told by failed(), and counted there.
  virtual void dismissed(std::string_view /*reply*/) {}

  // Something went wrong that ends the session.
  virtual void failed(metrics::Error /*kind*/, std::string_view /*what*/) {}

  // The connection is gone. `error`: an errno value, 0 when it was closed in order.
  virtual void ended(Ending /*ending*/, int /*error*/, TimePoint /*now*/) {}
};

// All observers of one session, told one after the other.
class SessionObservers final : public SessionObserver {
 public:
  void add(std::unique_ptr<SessionObserver> observer) { all_.push_back(std::move(observer)); }

  void heard(smtp::Line line, std::string_view text, std::string_view behind) override;
  void line_too_long() override;
  void commanded(smtp::Verb verb, std::string_view arguments) override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;
  void greeted(smtp::Verb verb, std::string_view name) override;
  void hello_forgotten() override;
  void client_attribute(std::string_view name, std::string_view value) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override;
  [[nodiscard]] bool wants_content() const override;
  void content(std::string_view bytes, smtp::Form form) override;
  void content_over(std::string_view behind) override;
  smtp::Storage message_complete() override;
  bool record_first(const smtp::FinalReplies& replies) override;
  void message_answered(std::size_t accepted) override;

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void secured(const Handshake& handshake) override;
  void dismissed(std::string_view reply) override;
  void failed(metrics::Error kind, std::string_view what) override;
  void ended(Ending ending, int error, TimePoint now) override;

 private:
  std::vector<std::unique_ptr<SessionObserver>> all_;
};

}  // namespace millrace::sink
