#include "threads/signal_watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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

// Readable when one of them has come.
FileDescriptor make_descriptor() {
  const sigset_t ending = ending_signals();
  FileDescriptor signals(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) throw Fatal(describe_error("signalfd", errno));
  return signals;
}

}  // namespace

void block_ending_signals() {
  const sigset_t ending = ending_signals();
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  signal(SIGPIPE, SIG_IGN);
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

SignalWatch::SignalWatch(std::chrono::milliseconds grace)
    : grace_(grace), signals_(make_descriptor()) {
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
  for (unsigned number = 1; on_signal_ && number <= come_; ++number) on_signal_(number);
}

void SignalWatch::watch() {
  std::array<pollfd, 2> wanted{pollfd{signals_.descriptor(), POLLIN, 0},
                               pollfd{over_.descriptor(), POLLIN, 0}};
  int patience = -1;
  for (;;) {
    if (poll(wanted.data(), wanted.size(), patience) == 0) end_by(first_);
    if ((wanted[1].revents & POLLIN) != 0) return;
    while (const int signal = next()) {
      const unsigned number = take(signal);
      if (number == 1) continue;
      if (number > 2 || grace_.count() == 0) end_by(signal);
      patience = static_cast<int>(grace_.count());
    }
  }
}

// One that has come; 0 when there is none.
int SignalWatch::next() const {
  signalfd_siginfo taken{};
  if (read(signals_.descriptor(), &taken, sizeof taken) != sizeof taken) return 0;
  return static_cast<int>(taken.ssi_signo);
}

// Returns its number.
unsigned SignalWatch::take(int signal) {
  const std::lock_guard lock(mutex_);
  if (come_++ == 0) first_ = signal;
  if (on_signal_) on_signal_(come_);
  return come_;
}

}  // namespace millrace::threads
