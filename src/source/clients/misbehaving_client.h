#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "metrics/client_metrics.h"
#include "net/event_loop.h"
#include "net/timers.h"
#include "source/clients/misbehaviour.h"
#include "source/clients/script_player.h"
#include "source/route.h"
#include "source/run.h"
#include "source/trouble.h"

namespace millrace::source {

// One client that misbehaves: it connects, has its script played, and begins again, until the run
// stops or no connection is left to be made. It never has more than one. What fails is counted, and
// told once for each reason.
class MisbehavingClient final : private ScriptOwner, private net::TimerHandler {
 public:
  // From one connect to the next, however soon a connection is over.
  static constexpr std::chrono::milliseconds kShortestRound{100};
  // After all ways to the server have failed: twice as long each time, at most the second.
  static constexpr std::chrono::milliseconds kFirstBackOff{200};
  static constexpr std::chrono::seconds kLastBackOff{10};

  // `number`: of this client among those that misbehave, from 0. `counted`: an element a script.
  // All must outlive the client.
  MisbehavingClient(net::EventLoop& loop, Run& run, unsigned number,
                    std::vector<metrics::ClientMetrics>& counted);

  void start() { begin(); }
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

  void begin();
  void connect();
  void failed(const Trouble& trouble, int error);
  void begin_at(TimePoint time);
  [[nodiscard]] std::string about_server();
  [[nodiscard]] metrics::ClientMetrics& counted() { return counted_[cast_.first + turn_]; }

  net::EventLoop& loop_;
  Run& run_;
  Misbehaviour& shared_;
  const unsigned number_;
  const Misbehaviour::Cast cast_;
  Route route_;
  std::vector<metrics::ClientMetrics>& counted_;
  ScriptPlayer player_;
  net::Timer timer_;  // until the next connection
  TimePoint begun_;   // the last one was
  Duration back_off_{kFirstBackOff};
  std::size_t turn_;               // the script, of its cast
  std::uint64_t connections_ = 0;  // that it has begun
  bool done_ = false;
};

}  // namespace millrace::source
