#include "net/ending_signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/diagnostics.h"
#include "base/sanitizer.h"

namespace millrace::net {
namespace {

sigset_t ending_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  return ending;
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
  std::abort();  // not reached: it was pending
}

EndingSignals::EndingSignals() {
  const sigset_t ending = ending_signals();
  signals_ = FileDescriptor(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) throw Fatal(describe_error("signalfd", errno));
}

int EndingSignals::take() {
  signalfd_siginfo taken{};
  if (read(descriptor(), &taken, sizeof taken) != sizeof taken) return 0;
  return static_cast<int>(taken.ssi_signo);
}

}  // namespace millrace::net
