#include "net/signal_watch.h"

#include <poll.h>

#include <array>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::net {
namespace {

// From a second signal, which gives up what is under way, until the program ends all the same: it
// may be held up by a terminal or a pipe that nobody reads, by a disk, or by what a server has it
// calculate.
constexpr std::chrono::milliseconds kGraceLimit{3'000};

}  // namespace

SignalWatch::SignalWatch() {
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

void SignalWatch::hand_on(std::function<void()> on_signal) {
  const std::lock_guard lock(mutex_);
  on_signal_ = std::move(on_signal);
  for (unsigned i = 0; on_signal_ && i < come_; ++i) on_signal_();
}

void SignalWatch::watch() {
  std::array<pollfd, 2> wanted{pollfd{signals_.descriptor(), POLLIN, 0},
                               pollfd{over_.descriptor(), POLLIN, 0}};
  int patience = -1;
  for (;;) {
    if (poll(wanted.data(), wanted.size(), patience) == 0) end_by(first_);
    if ((wanted[1].revents & POLLIN) != 0) return;
    while (const int signal = signals_.take()) {
      const unsigned come = take(signal);
      if (come == 2) patience = static_cast<int>(kGraceLimit.count());
      if (come > 2) end_by(signal);
    }
  }
}

// Returns how many have come.
unsigned SignalWatch::take(int signal) {
  const std::lock_guard lock(mutex_);
  if (come_++ == 0) first_ = signal;
  if (on_signal_) on_signal_();
  return come_;
}

}  // namespace millrace::net
