#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/time.h"
#include "net/event_loop.h"
#include "net/wake_up.h"
#include "threads/signal_watch.h"

// What the source and the sink both run on: worker threads, the signals that end them, and the
// clock of their seconds. Nothing here knows what the workers do.
namespace millrace::threads {

// How soon the workers are to end.
enum class Urgency : std::uint8_t {
  none,
  orderly,  // nothing more begins, what is under way may be finished
  at_once,  // what is under way is given up
};

// What one thread does, on a loop of its own. It is made, used and destroyed on that thread.
class Worker {
 public:
  // Throws Fatal when the system does not grant a loop.
  explicit Worker(const net::Engine& engine) : loop_(engine.make()) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;

  [[nodiscard]] net::EventLoop& loop() const { return *loop_; }

  // Turns the loop until there is no more to do. What it throws ends the others at once.
  virtual void run() = 0;

  // Called by the loop, once or more often, after WorkerThreads::wake_all() or end(). `urgency`:
  // that of the moment.
  virtual void woken(Urgency urgency) = 0;

 private:
  const std::unique_ptr<net::EventLoop> loop_;
};

// The threads of a run, for the one that starts them and waits for them: start(), go(), whatever
// wait_until() leaves time for, join().
class WorkerThreads {
 public:
  // `number`: 0 for the first thread. Called on the thread whose worker it is.
  using MakeWorker = std::function<std::unique_ptr<Worker>(unsigned number)>;

  // The first of `signals` ends the workers in order, the second at once. Throws Fatal when there
  // is no descriptor left.
  WorkerThreads(unsigned threads, SignalWatch& signals);
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;
  ~WorkerThreads() { signals_.hand_on({}); }

  // Starts the threads; returns when all have made their workers, which wait for go(). Where one
  // could not be started (Fatal) or make its worker, throws the first reason: then no worker has
  // run, and all threads are gone again.
  void start(const MakeWorker& make);

  // Has all workers run.
  void go();

  // From any thread: has all workers called by their loops.
  void wake_all() const;

  // From any thread: has them end so urgently, or more so if that was asked for before.
  void end(Urgency urgency);

  // From any thread: how soon they are to end.
  [[nodiscard]] Urgency urgency() const { return urgency_; }

  // From any thread: has wait_until() return.
  void poke();

  // Sleeps until all workers have run to their ends, but not beyond `limit`, nor beyond a poke();
  // whether they have.
  bool wait_until(TimePoint limit);

  // Waits for the end of the threads. Throws what the first worker that failed has thrown.
  void join();

 private:
  enum class State : std::uint8_t { making, running, given_up };

  struct Thread {
    net::WakeUp wake_up;
    std::thread thread;
  };

  void serve(unsigned number, const MakeWorker& make);
  [[nodiscard]] bool wait_for_go();
  void wait_for_others();
  void fail(std::exception_ptr why);
  void change(State state);

  SignalWatch& signals_;
  std::deque<Thread> threads_;
  std::atomic<Urgency> urgency_ = Urgency::none;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  State state_ = State::making;
  std::size_t started_;    // threads; all until one has been seen not to start
  std::size_t ready_ = 0;  // workers that wait for go()
  bool poked_ = false;
  std::size_t over_ = 0;  // threads that have nothing left but to destroy their workers
  std::exception_ptr failure_;
};

}  // namespace millrace::threads
