#include "threads/signal_watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/diagnostics.h"
#include "base/sanitizer.h"

namespace millrace::threads {
namespace {

sigset_t ending_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  return ending;
}

sigset_t hangup() {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGHUP);
  return one;
}

// Readable when one has come; where it is not blocked none ever does.
FileDescriptor make_descriptor() {
  sigset_t all = ending_signals();
  sigaddset(&all, SIGHUP);
  FileDescriptor signals(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) throw Fatal(describe_error("signalfd", errno));
  return signals;
}

// As poll() takes it, rounded up; 0 for what is past.
int milliseconds_until(TimePoint moment) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

void block_ending_signals() {
  const sigset_t ending = ending_signals();
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void block_hangup() {
  const sigset_t one = hangup();
  pthread_sigmask(SIG_BLOCK, &one, nullptr);
}

void end_by(int number) {
  check_for_leaks();
  signal(number, SIG_DFL);
  raise(number);
  const sigset_t ending = ending_signals();
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
  // Only the first process of a container gets here: a signal does not end that one.
  _exit(128 + number);
}

SignalWatch::SignalWatch(Patience patience) : patience_(patience), signals_(make_descriptor()) {
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (const std::system_error& error) {
    throw Fatal(describe_error("cannot start a thread", error.code().value()));
  }
}

SignalWatch::~SignalWatch() {
  over_.wake();
  thread_.join();
}

void SignalWatch::hand_on(std::function<void(unsigned number)> on_signal) {
  const std::lock_guard lock(mutex_);
  on_signal_ = std::move(on_signal);
  for (unsigned number = 1; on_signal_ && number <= told_; ++number) on_signal_(number);
}

void SignalWatch::watch() {
  std::array<pollfd, 2> wanted{pollfd{signals_.descriptor(), POLLIN, 0},
                               pollfd{over_.descriptor(), POLLIN, 0}};
  TimePoint end = TimePoint::max();  // of the grace
  int first = 0;
  TimePoint moment_over = TimePoint::min();
  for (;;) {
    poll(wanted.data(), wanted.size(), end != TimePoint::max() ? milliseconds_until(end) : -1);
    const TimePoint now = Clock::now();
    if ((wanted[1].revents & POLLIN) != 0) return;
    if (now >= end) {
      if (is_granted_) end_by(first);
      end = TimePoint::max();
    }
    bool hung_up = false;
    int ending = 0;
    while (const int signal = next()) {
      if (signal == SIGHUP) hung_up = true;
      if (signal == SIGTERM) terminated_at_ = std::min(terminated_at_.load(), now);
      if (signal != SIGHUP && ending == 0) ending = signal;
    }
    if (ending != 0 && now >= moment_over) {
      moment_over = now + patience_.moment;
      const unsigned number = take(ending, now);
      if (number == 1) first = ending;
      if (number > 2) end_by(ending);
      if (number == 2) end = now + patience_.grace;
    }
    if (hung_up) take_hangup();
  }
}

// One that has come; 0 when there is none.
int SignalWatch::next() const {
  signalfd_siginfo taken{};
  if (read(signals_.descriptor(), &taken, sizeof taken) != sizeof taken) return 0;
  return static_cast<int>(taken.ssi_signo);
}

void SignalWatch::hand_on_hangup(std::function<void()> on_hangup) {
  const std::lock_guard lock(mutex_);
  on_hangup_ = std::move(on_hangup);
  if (on_hangup_ && std::exchange(hangup_came_, false)) on_hangup_();
}

void SignalWatch::take_hangup() {
  const std::lock_guard lock(mutex_);
  if (on_hangup_) return on_hangup_();
  hangup_came_ = true;
}

// Returns its number.
unsigned SignalWatch::take(int signal, TimePoint now) {
  const std::lock_guard lock(mutex_);
  end_as(signal, ++come_, now);
  return come_;
}

void SignalWatch::end_run(unsigned number) {
  const std::lock_guard lock(mutex_);
  end_as(SIGINT, number, Clock::now());
}

void SignalWatch::end_as(int signal, unsigned number, TimePoint now) {
  if (told_ == 0 && number > 0) {
    first_at_ = now;
    first_ = signal;
  }
  while (told_ < number) {
    ++told_;
    if (on_signal_) on_signal_(told_);
  }
}

}  // namespace millrace::threads
