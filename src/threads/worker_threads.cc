#include "threads/worker_threads.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::threads {

WorkerThreads::WorkerThreads(unsigned threads, SignalWatch& signals)
    : signals_(signals), threads_(threads), started_(threads) {
  signals.hand_on(
      [this](unsigned number) { end(number == 1 ? Urgency::orderly : Urgency::at_once); });
}

void WorkerThreads::start(const MakeWorker& make) {
  unsigned number = 0;
  try {
    for (Thread& thread : threads_) {
      thread.thread = std::thread([this, number, &make] { serve(number, make); });
      ++number;
    }
  } catch (const std::system_error& error) {
    fail(std::make_exception_ptr(Fatal(describe_error(
        fmt::format("cannot start thread {} of {} (--threads)", number + 1, threads_.size()),
        error.code().value()))));
    const std::lock_guard lock(mutex_);
    started_ = number;
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_ == threads_.size() || failure_; });
    if (!failure_) return;
  }
  change(State::given_up);
  join();
}

void WorkerThreads::go() { change(State::running); }

void WorkerThreads::wake_all() const {
  for (const Thread& thread : threads_) thread.wake_up.wake();
}

void WorkerThreads::end(Urgency urgency) {
  Urgency before = urgency_;
  while (before < urgency) {
    if (urgency_.compare_exchange_weak(before, urgency)) return wake_all();
  }
}

void WorkerThreads::poke() {
  const std::lock_guard lock(mutex_);
  poked_ = true;
  changed_.notify_all();
}

bool WorkerThreads::wait_until(TimePoint limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, limit, [this] { return over_ == started_ || poked_; });
  poked_ = false;
  return over_ == started_;
}

void WorkerThreads::join() {
  for (Thread& thread : threads_) {
    if (thread.thread.joinable()) thread.thread.join();
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void WorkerThreads::serve(unsigned number, const MakeWorker& make) {
  std::unique_ptr<Worker> worker;
  try {
    worker = make(number);
    threads_[number].wake_up.attach(worker->loop(), [&] { worker->woken(urgency_); });
    if (wait_for_go()) worker->run();
  } catch (...) {
    fail(std::current_exception());
  }
  wait_for_others();
}

// Returns whether it is to run.
bool WorkerThreads::wait_for_go() {
  std::unique_lock lock(mutex_);
  ++ready_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return state_ != State::making; });
  return state_ == State::running;
}

// All loops go together: liburing unmaps a ring by bare system calls, and ThreadSanitizer would
// take the ring that another thread maps in its place for the old one.
void WorkerThreads::wait_for_others() {
  std::unique_lock lock(mutex_);
  ++over_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return over_ == started_; });
}

void WorkerThreads::fail(std::exception_ptr why) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(why);
    changed_.notify_all();
  }
  end(Urgency::at_once);
}

void WorkerThreads::change(State state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
  changed_.notify_all();
}

}  // namespace millrace::threads
