#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "net/proxy_header.h"
#include "net/stream.h"
#include "net/timers.h"
#include "sink/lint/lint_observer.h"
#include "sink/listener.h"
#include "sink/session_observer.h"
#include "sink/session_policy.h"
#include "sink/shared.h"
#include "sink/throttle.h"
#include "sink/verify/verify_observer.h"
#include "smtp/server_session.h"

namespace millrace::sink {

class Worker;

// One client of the sink: its stream and its session, with those who decide in it and are told.
class Connection final : private net::StreamHandler, private net::TimerHandler {
 public:
  // `listener`: where it came in. `place`: where the worker keeps it.
  Connection(Worker& worker, const OpenListener& listener, std::size_t place);
  ~Connection() override;

  // Takes over an accepted socket and greets.
  void start(FileDescriptor socket, const net::SocketAddress& peer);

  // The program ends: sends what is due, then closes.
  void finish();
  // It has ended: whoever is still there is not waited for. Destroys this.
  void give_up() { on_end(0); }
  [[nodiscard]] bool all_sent() const { return stream_.all_sent(); }

  // What its message waited for is on record, or cannot be: it is answered.
  void recorded(bool kept);
  // It is among those that wait for that (Worker::await_record()).
  [[nodiscard]] bool awaits_record() const { return awaits_record_; }

  std::size_t place;

 private:
  // net::StreamHandler, net::TimerHandler
  void on_connected() override {}
  void on_secured() override;
  void on_tls_failure(std::string_view what) override;
  std::size_t on_bytes(std::string_view bytes) override;
  void on_all_sent() override;
  [[nodiscard]] std::uint64_t unwanted() const override;
  void on_dropped(std::uint64_t bytes) override;
  void on_end(int error) override;
  void on_timer(net::Timer& timer) override;

  std::size_t read_proxy_header(std::string_view bytes);
  std::size_t take_handshake(std::string_view bytes);
  std::size_t room_for(std::string_view bytes);
  void wait_until(TimePoint moment);
  void wait_is_over();
  void look_after_client();
  void arm();
  [[nodiscard]] TimePoint idle_end() const;
  [[nodiscard]] bool too_long() const;
  void dismiss();
  void begin_handshake();
  [[nodiscard]] bool stalled() const;
  void tell_time();
  void begin();
  void greet();
  void secure();
  void after_step();
  void await_record();
  SessionFacts* add_facts();
  AnswerObserver* add_answers();
  VerifyObserver* add_verify();
  LintObserver* add_lint();
  void look_for_early_talk();
  void go_on();
  void end(Ending ending);
  void complain(metrics::Error kind, std::string_view what);

  Worker& worker_;
  const Shared& shared_;
  const OpenListener& listener_;
  net::Stream stream_;
  TimePoint begun_;
  net::Timer timer_;  // of whatever comes first (arm()); at the end it bounds the farewell
  std::optional<TimePoint> go_on_at_;  // reading is held until then
  TimePoint resumed_;                  // when it was let go last
  SessionObservers observers_;
  SessionFacts* const facts_;      // one of them; null where no rule asks for any
  AnswerObserver* const answers_;  // another; null where none are sent
  VerifyObserver* const verify_;   // another; null where nothing is verified
  LintObserver* const lint_;       // another; null where clients are not judged
  SessionPolicy policy_;
  smtp::ServerSession session_;
  Ending ending_ = Ending::clients;
  bool silent_ = true;           // so far: nothing of a session has come, nor a handshake
  bool trusted_ = false;         // its XCLIENT is believed
  bool of_known_proxy_ = false;  // it comes from one of SinkOptions::proxies
  bool replying_ = false;        // in on_all_sent(), further up the stack
  bool awaits_record_ = false;
  Throttle throttle_;                              // of content, where a rule slows it down
  rules::TlsFault fault_ = rules::TlsFault::none;  // takes the place of a handshake
  std::unique_ptr<net::ProxyReader> proxy_;        // until its header has come
  std::unique_ptr<smtp::Decision> handshake_;      // until it begins, where no command asks for it
};

}  // namespace millrace::sink
