#include "net/ending_signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/diagnostics.h"

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

EndingSignals::EndingSignals() {
  const sigset_t ending = ending_signals();
  signals_ = Socket(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) throw Fatal(describe_error("signalfd", errno));
}

bool EndingSignals::take() {
  signalfd_siginfo ignored{};
  return read(descriptor(), &ignored, sizeof ignored) > 0;
}

}  // namespace millrace::net
