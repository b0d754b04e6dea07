#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "net/proxy_header.h"
#include "net/stream.h"
#include "net/timers.h"
#include "sasl/server.h"
#include "sink/capture.h"
#include "sink/shared.h"
#include "sink/tally.h"
#include "smtp/server_policy.h"
#include "smtp/server_session.h"

namespace millrace::sink {

class Worker;

// One client of the sink: its stream, its session, and the policy that the options ask for.
class Connection final : public smtp::ServerPolicy,
                         private net::StreamHandler,
                         private net::TimerHandler {
 public:
  // `place`: where the worker keeps it.
  Connection(Worker& worker, std::size_t place);
  ~Connection() override;

  // Takes over an accepted socket and greets.
  void start(net::Socket socket, const net::SocketAddress& peer);

  // The program ends: sends what is due, then closes.
  void finish();
  // It has ended: whoever is still there is not waited for. Destroys this.
  void give_up() { on_end(0); }
  [[nodiscard]] bool all_sent() const { return stream_.all_sent(); }

  std::size_t place;

 private:
  // Whose doing the end of the session is. What we did ourselves was counted as what it was.
  enum class Ending : std::uint8_t { clients, quit, ours };

  struct CaptureState {
    CapturedSession session;
    Capture capture;
  };

  // smtp::ServerPolicy
  void heard(std::string_view line) override;
  smtp::Ruling rule(smtp::Verb verb, std::string_view arguments) override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;
  smtp::Ruling rule_content() override;
  void greeted(smtp::Verb verb, std::string_view name) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override;
  [[nodiscard]] bool wants_content() const override;
  void content(std::string_view bytes, smtp::Form form) override;
  smtp::Storage message_complete() override;
  smtp::AuthenticationStep start_authentication(std::string_view mechanism,
                                                std::optional<std::string_view> initial) override;
  smtp::AuthenticationStep continue_authentication(std::string_view response) override;
  smtp::AuthenticationStep ended(smtp::AuthenticationStep step);
  void client_attribute(std::string_view name, std::string_view value) override;

  // net::StreamHandler, net::TimerHandler
  void on_connected() override {}
  void on_secured() override;
  void on_tls_failure(std::string_view what) override;
  std::size_t on_bytes(std::string_view bytes) override;
  void on_all_sent() override;
  [[nodiscard]] std::uint64_t unwanted() const override { return session_.unwanted(); }
  void on_dropped(std::uint64_t bytes) override;
  void on_end(int error) override;
  void on_timer(net::Timer& timer) override;

  std::size_t read_proxy_header(std::string_view bytes);
  void begin();
  void greet();
  void secure();
  void after_step();
  void go_on();
  void end(Ending ending);
  void watch_idle();
  void settle_messages();
  void complain(metrics::Error kind, std::string_view what);
  static void count_loss(Tally& tally, int error);
  void log_to_syslog(smtp::Verb verb, std::string_view arguments) const;
  void show_replies(std::size_t shown);

  Worker& worker_;
  const Shared& shared_;
  net::Stream stream_;
  TimePoint begun_;
  net::Timer timer_;  // ends a pause; else bounds idleness and, at the end, the farewell
  smtp::ServerSession session_;
  Duration pause_{0};             // that is due; waits for one reply add up
  std::size_t messages_due_ = 0;  // that were admitted and are not answered yet
  Transaction transaction_;       // as it is tallied
  Ending ending_ = Ending::clients;
  bool quit_admitted_ = false;
  bool trusted_ = false;                     // its XCLIENT is believed
  bool replying_ = false;                    // in on_all_sent(), further up the stack
  std::unique_ptr<net::ProxyReader> proxy_;  // until its header has come
  std::unique_ptr<sasl::Server> sasl_;       // during AUTH
  std::unique_ptr<CaptureState> capture_;
};

}  // namespace millrace::sink
