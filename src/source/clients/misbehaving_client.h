#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "metrics/client_metrics.h"
#include "net/event_loop.h"
#include "net/timers.h"
#include "source/clients/misbehaviour.h"
#include "source/clients/script_player.h"
#include "source/run.h"

namespace millrace::source {

// One client that misbehaves: it connects, has its script played, and begins again, until the run
// stops or no connection is left to be made. It never has more than one.
class MisbehavingClient final : private ScriptOwner, private net::TimerHandler {
 public:
  // From one connect to the next, however soon a connection is over.
  static constexpr std::chrono::milliseconds kShortestRound{100};
  // After a connect that failed: twice as long each time, at most the second.
  static constexpr std::chrono::milliseconds kFirstBackOff{200};
  static constexpr std::chrono::seconds kLastBackOff{10};

  // `number`: of this client among those that misbehave, from 0. `counted`: an element a script.
  // All must outlive the client.
  MisbehavingClient(net::EventLoop& loop, Run& run, unsigned number,
                    std::vector<metrics::ClientMetrics>& counted);

  void start() { connect(); }
  // The end of the run: it is done, and lets go of its connection.
  void stop();
  // Nothing happens any more.
  [[nodiscard]] bool done() const { return done_; }

  // As ScriptPlayer's.
  net::Traffic take_traffic() { return player_.take_traffic(); }

 private:
  void append_head(Output& out) override;
  void script_over() override;
  void not_connected(int error) override;
  void on_timer(net::Timer& timer) override;

  void connect();
  void back_off();
  FileDescriptor open(const mail::Script& script);
  [[nodiscard]] metrics::ClientMetrics& counted() { return counted_[cast_.first + turn_]; }

  net::EventLoop& loop_;
  Run& run_;
  Misbehaviour& shared_;
  const Misbehaviour::Cast cast_;
  std::vector<metrics::ClientMetrics>& counted_;
  ScriptPlayer player_;
  net::Timer timer_;  // until the next connect
  TimePoint asked_;   // for the last one
  Duration back_off_{kFirstBackOff};
  std::size_t turn_;         // the script, of its cast
  std::size_t address_ = 0;  // of the server's
  bool done_ = false;
};

}  // namespace millrace::source
