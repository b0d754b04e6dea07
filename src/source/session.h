#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "net/timers.h"
#include "smtp/client_session.h"
#include "source/connection_plan.h"
#include "source/connector.h"
#include "source/dialogue_display.h"
#include "source/run.h"
#include "source/sender.h"
#include "source/session_messages.h"
#include "source/session_record.h"
#include "source/trouble.h"
#include "source/worker_resources.h"

namespace millrace::source {

// One of the sessions that run in parallel: takes messages from the run, one after the other,
// and delivers each over a new connection or the one it has. Here is the dialogue; how it comes to
// its connections is the Connector's, what becomes of messages the SessionMessages', what is
// measured the SessionRecord's, and what is said of trouble is in trouble.h.
class Session final : public Sender,
                      public smtp::ClientObserver,
                      private net::StreamHandler,
                      private net::TimerHandler {
 public:
  // `number`: of this session in the run, from 0. `worker` and `run` must outlive the session.
  Session(WorkerResources& worker, Run& run, std::uint64_t number);

  // Begins with the first message.
  void start() { pause_then_begin(); }

  void go() override;

  // The run is over: what pauses need not, what is under way goes on.
  void wind_up();

  // The run is over at once. First what is under way is cut off: nothing happens any more but that
  // the kernel lets go of the connection. When it has, or will not, what was under way is given up.
  void hang_up();
  [[nodiscard]] bool hung_up() const { return state_ == State::done; }
  void abandon();

  [[nodiscard]] std::uint64_t number() const override { return number_; }
  [[nodiscard]] bool started() const override { return started_; }

 private:
  enum class State : std::uint8_t {
    pausing,  // before the next message, with a connection or without one; or in the pool
    connecting,
    retrying,  // a connect failed, the next try is due soon
    talking,
    closing,
    hanging_up,  // the run is over, the connection not yet
    done,        // no message is left, or the run is over
  };

  // smtp::ClientObserver
  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome outcome) override;
  void transaction_begun(const smtp::RecipientBatch& batch) override;
  void content_ended(std::uint64_t message) override;
  void message_sent(std::uint64_t message) override;
  void transaction_over(const smtp::RecipientBatch& batch, std::size_t taken, bool again) override;
  void message_over(std::uint64_t message, std::size_t recipients) override;

  // net::StreamHandler, net::TimerHandler
  void on_connected() override;
  void on_secured() override;
  void on_tls_failure(std::string_view what) override;
  std::size_t on_bytes(std::string_view bytes) override;
  void on_end(int error) override;
  void on_timer(net::Timer& timer) override;

  void pause_then_begin();
  void begin_message();
  void follow(Connector::Progress progress);
  void connect_failed(int error);
  void secure();
  void step();
  void send_messages();
  void all_over();
  bool next_message();
  void refused(const Trouble& trouble);
  void lost(const Trouble& trouble);
  void say_goodbye();
  void close();
  void closed();
  void done();
  void start_timer(Duration delay);
  void watch_reply();
  void show_commands(std::size_t shown);
  [[nodiscard]] TimePoint now() const { return worker_.loop.now(); }
  [[nodiscard]] Trouble loss(int error) const;
  [[nodiscard]] std::string where() const;
  [[nodiscard]] std::string where(const smtp::PendingCommand& command) const;

  WorkerResources& worker_;
  Run& run_;
  net::Stream stream_;
  net::Timer timer_;  // ends a pause; else bounds the wait for the server
  SessionRecord record_;
  SessionMessages messages_;
  std::optional<smtp::ClientSession> client_;
  std::uint64_t number_;
  net::TlsSession tls_session_;  // of the last connection, when sessions are resumed
  TimePoint handshake_begun_;
  TimePoint awaited_since_;  // a reply, or the end of a handshake
  ConnectionPlan plan_;
  DialogueDisplay display_;
  Connector connector_;
  bool started_ = false;
  bool timed_out_ = false;
  State state_ = State::pausing;
};

}  // namespace millrace::source
