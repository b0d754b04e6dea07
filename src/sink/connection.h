#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "net/proxy_header.h"
#include "net/stream.h"
#include "net/timers.h"
#include "sink/session_observer.h"
#include "sink/session_policy.h"
#include "sink/shared.h"
#include "smtp/server_session.h"

namespace millrace::sink {

class Worker;

// One client of the sink: its stream and its session, with those who decide in it and are told.
class Connection final : private net::StreamHandler, private net::TimerHandler {
 public:
  // `place`: where the worker keeps it.
  Connection(Worker& worker, std::size_t place);
  ~Connection() override;

  // Takes over an accepted socket and greets.
  void start(FileDescriptor socket, const net::SocketAddress& peer);

  // The program ends: sends what is due, then closes.
  void finish();
  // It has ended: whoever is still there is not waited for. Destroys this.
  void give_up() { on_end(0); }
  [[nodiscard]] bool all_sent() const { return stream_.all_sent(); }

  std::size_t place;

 private:
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
  void complain(metrics::Error kind, std::string_view what);

  Worker& worker_;
  const Shared& shared_;
  net::Stream stream_;
  TimePoint begun_;
  net::Timer timer_;  // ends a pause; else bounds idleness and, at the end, the farewell
  SessionPolicy policy_;
  SessionObservers observers_;
  smtp::ServerSession session_;
  Ending ending_ = Ending::clients;
  bool trusted_ = false;                     // its XCLIENT is believed
  bool replying_ = false;                    // in on_all_sent(), further up the stack
  std::unique_ptr<net::ProxyReader> proxy_;  // until its header has come
};

}  // namespace millrace::sink
