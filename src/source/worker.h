#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/event_loop.h"
#include "net/timers.h"
#include "source/clients/misbehaving_client.h"
#include "source/recordings.h"
#include "source/run.h"
#include "source/sent_journal.h"
#include "source/session.h"
#include "source/thread_use.h"
#include "source/worker_resources.h"
#include "threads/second_clock.h"
#include "threads/worker_threads.h"

namespace millrace::source {

// One thread of the source: a loop and its share of the sessions and of the load.
class Worker final : public threads::Worker, private net::TimerHandler {
 public:
  // What it tells, and what it shares with other workers; null where the run does without.
  struct Shared {
    Recordings* recordings = nullptr;         // of what is measured
    DeliveryObserver* log = nullptr;          // is told of each message
    SentJournal* journal = nullptr;           // of messages, which are stamped then
    DeliveryObserver* acceptances = nullptr;  // is told of each message, too
    // How soon it is to end, where it does not wait to be woken; empty: there is time.
    std::function<threads::Urgency()> urgency = {};
  };

  // Runs part `number` of `threads` of the sessions that this process has. Throws Fatal.
  Worker(Run& run, const Shared& shared, unsigned number, unsigned threads);

  // To be called once the run has begun. Returns when all sessions are done, when the run is over,
  // or when the loop has failed, which ends the run.
  void run() override;

  void woken(threads::Urgency urgency) override;

  // Null when nothing is measured.
  [[nodiscard]] Recorder* recorder() { return own_.recorder ? &*own_.recorder : nullptr; }

 private:
  // Null when nothing is split.
  [[nodiscard]] SplitRecorder* splits() { return own_.splits ? &*own_.splits : nullptr; }
  void on_timer(net::Timer& timer) override;
  void begin();
  void start_all();
  [[nodiscard]] Part dealt() const;
  [[nodiscard]] std::size_t retry_limit() const;
  void work();
  void wind_up();
  void stop();
  void stop_clients();
  void hang_up();
  void abandon();
  void finish();
  void tell_left();
  [[nodiscard]] bool clients_left() const;
  [[nodiscard]] net::Traffic without_clients(net::Traffic moved);

  Run& run_;
  Recordings* const recordings_;
  WorkerJournal* const journal_;
  const std::function<threads::Urgency()> urgency_;
  const unsigned number_;
  const unsigned threads_;
  WorkerResources own_;  // and its sessions'
  std::optional<threads::SecondClock> second_clock_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<metrics::ClientMetrics> clients_counted_;
  std::vector<std::unique_ptr<MisbehavingClient>> clients_;  // those that misbehave
  net::Timer end_timer_;                                     // of the schedule
  net::Timer drain_timer_;                                   // what is under way must be over
  net::Timer journal_timer_;                                 // what it has is to be written
  ThreadUse use_before_;  // what the thread had used when it began to run
  bool winding_up_ = false;
  bool stopping_ = false;
};

}  // namespace millrace::source
