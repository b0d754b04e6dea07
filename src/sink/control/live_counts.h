// sink/control/ is how a running sink is asked and steered over HTTP: the routes of
// doc/smtp-sink-api.json, as functions of requests. It knows sessions by what workers have counted
// only. Here: how the threads of HTTP ask the workers, who share nothing with them otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/time.h"
#include "metrics/metrics.h"
#include "sink/command_counts.h"
#include "sink/control/client_table.h"

namespace millrace::sink {

// What one worker, or all of them, have counted since the sink began.
struct Counts {
  metrics::Counters counters;
  CommandCounts commands{};
  metrics::ReplyCounts replies;
  metrics::ErrorTimes errors{};
  metrics::Histogram sessions;  // how long those lasted that are over
  std::uint64_t sessions_open = 0;

  void add(const Counts& other);
};

// The same of clients.
struct ClientCounts {
  ClientTable::Rows rows;
  std::uint64_t others = 0;
};

// For so long a worker that is held up is waited for: by who only asks, and by who changes
// something.
struct Patience {
  Duration asking = std::chrono::seconds(1);
  Duration changing = std::chrono::seconds(5);
};

// Asks the workers of a sink what they have counted. A worker answers between two turns of its
// loop, when it is woken: nothing is shared and nothing is locked while it works.
class LiveCounts {
 public:
  // `wake`: has all workers woken, from any thread.
  explicit LiveCounts(std::function<void()> wake, Patience patience = {})
      : wake_(std::move(wake)), patience_(patience) {}

  // On a worker's thread, before it is woken first: its number here.
  std::size_t enter();

  // From any thread but a worker's: what all have counted by now. A worker that is held up counts
  // as it did when it was asked before.
  Counts ask();
  ClientCounts ask_clients();
  // From any thread but a worker's: waits until all workers have taken the rules that held when it
  // was called. False: one is held up, and takes them when it is not.
  [[nodiscard]] bool reach_all();
  // The same, and has clients begin anew.
  [[nodiscard]] bool forget_clients();

  // On a worker's thread, whenever it is woken: `fill` is called where it was asked. `clients`:
  // those of the worker.
  void answer(std::size_t worker, const std::function<Counts()>& fill, ClientTable& clients);
  // The same when it ends, asked or not.
  void answer_last(std::size_t worker, Counts counts, const ClientTable& clients);

 private:
  struct Answer {
    std::uint64_t to = 0;  // the last question that it answers
    Counts counts;
    ClientCounts clients;  // of the last question that was about them
  };

  // The number of a question, the latest of its kind.
  using Question = std::atomic<std::uint64_t>;

  bool put_and_wait(Question* of_kind, Duration patience, std::unique_lock<std::mutex>& lock);

  std::function<void()> wake_;
  const Patience patience_;
  Question asked_{0};  // any
  Question asked_clients_{0};
  Question asked_to_forget_{0};
  std::mutex mutex_;  // of all below
  std::condition_variable answered_;
  std::vector<Answer> answers_;  // a worker each
};

}  // namespace millrace::sink
