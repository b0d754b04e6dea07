// source/clients/ is clients that misbehave, on the loops of the workers: who plays their scripts
// (mail/clients/), and how often.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ring.h"
#include "mail/clients/script.h"
#include "metrics/client_metrics.h"
#include "net/event_loop.h"
#include "net/stream.h"
#include "net/timers.h"
#include "smtp/reply.h"

namespace millrace::source {

// Whoever has a script played.
class ScriptOwner {
 public:
  virtual ~ScriptOwner() = default;

  // The connection is there: puts what goes ahead of the dialogue.
  virtual void append_head(Output& /*out*/) {}

  // The connection is gone, and what can be told of it has been counted.
  virtual void script_over() = 0;

  // There was none: the connect failed with `error`, an errno value. Nothing has been counted.
  virtual void not_connected(int error) = 0;
};

// Plays a script on one connection, and counts what the server does. What it reads it forgets: a
// server that floods it cannot make it grow.
class ScriptPlayer final : private net::StreamHandler, private net::TimerHandler {
 public:
  // From when the client has hung up, all is sent and answered, or from when the server said that
  // it hangs up, to when it must have.
  static constexpr std::chrono::seconds kFarewellLimit{10};
  // Between two looks of a client that reads slowly.
  static constexpr std::chrono::seconds kSlowLook{1};

  // `tls`: for scripts that turn to it; `tls_from_start`: for all, before the dialogue.
  // `reply_limit`: how long to wait for the server; `farewell_limit`: the same once it has nothing
  // more to do than to hang up, where that is shorter. All must outlive the player.
  ScriptPlayer(net::EventLoop& loop, ScriptOwner& owner, const net::TlsContext* tls,
               bool tls_from_start, Duration reply_limit, Duration farewell_limit = kFarewellLimit)
      : loop_(loop),
        owner_(owner),
        tls_(tls),
        tls_from_start_(tls_from_start),
        reply_limit_(reply_limit),
        farewell_limit_(std::min(farewell_limit, reply_limit)),
        stream_(loop, *this, net::Side::client),
        limit_(*this),
        tick_(*this) {}

  // Connects and plays; to be called when no script is being played. All must stay until that is
  // over.
  void play(const mail::Script& script, FileDescriptor socket, const net::SocketAddress& address,
            metrics::ClientMetrics& counted);

  // The end of the run. Nothing is told any more.
  void stop();

  // What its connections have moved since the last call, as it was on the wire.
  net::Traffic take_traffic();

  [[nodiscard]] const net::Stream& stream() const { return stream_; }

 private:
  // What the timer of small steps is for.
  enum class Tick : std::uint8_t { none, pause, write, read };
  enum class State : std::uint8_t { idle, connecting, playing, stopped };
  using Count = std::uint64_t metrics::ClientCounts::*;

  void on_connected() override;
  void on_secured() override;
  void on_tls_failure(std::string_view what) override;
  std::size_t on_bytes(std::string_view bytes) override;
  void on_end(int error) override;
  void on_timer(net::Timer& timer) override;

  void go_on();
  void begin(const mail::Step& step);
  [[nodiscard]] bool done(const mail::Step& step);
  void put(std::string_view text);
  void put_slowly();
  void repeat(const mail::Step& step);
  void replied(const smtp::Reply& reply);
  void content_answered(bool taken);
  void go_to(std::size_t step);
  void hang_up(Count by);
  void leave_to_server();
  void look_soon();
  [[nodiscard]] bool settled() const;
  [[nodiscard]] bool owed() const;
  void tick_in(Tick what, Duration time);
  void count_bytes();
  void over(Count by);
  void stop_timers();
  [[nodiscard]] const mail::Step& step() const { return script_->steps[at_]; }
  [[nodiscard]] Count ended_by(int error) const;

  net::EventLoop& loop_;
  ScriptOwner& owner_;
  const net::TlsContext* const tls_;
  const bool tls_from_start_;
  const Duration reply_limit_;
  const Duration farewell_limit_;
  net::Stream stream_;
  net::Timer limit_;  // of the wait for the server
  net::Timer tick_;
  const mail::Script* script_ = nullptr;
  metrics::ClientMetrics* counted_ = nullptr;
  std::optional<smtp::ReplyReader> replies_;
  Ring<std::size_t> awaited_;  // commands that are not answered, as ReplyCounts numbers them
  std::string_view slow_text_;
  TimePoint begun_;
  TimePoint waiting_since_;
  net::Traffic counted_bytes_;  // of this connection
  net::Traffic moved_;
  std::uint64_t rate_ = 0;      // bytes a second; 0: as fast as they go
  std::uint64_t repeated_ = 0;  // how often this step's text was said
  std::size_t at_ = 0;          // the step
  int last_digit_ = 0;          // of the last reply
  Count hung_up_ = nullptr;     // by whom, once that is clear
  bool begun_step_ = false;
  bool reads_slowly_ = false;
  bool server_leaves_ = false;  // it is over, whatever is still to be sent or answered
  bool smuggling_ = false;      // the server takes what was hidden for a transaction
  bool content_said_ = false;
  Tick tick_for_ = Tick::none;
  State state_ = State::idle;
};

}  // namespace millrace::source
