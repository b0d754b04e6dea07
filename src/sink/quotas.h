#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/cache_line.h"

namespace millrace::sink {

// What all workers count together, and the quotas that end the program. Exact with any number
// of threads: the message or session past a quota is turned away.
class Quotas {
 public:
  struct Totals {
    std::uint64_t sessions = 0;             // ended
    std::uint64_t quits = 0;                // sessions that said QUIT
    std::uint64_t messages = 0;             // read to their end and answered
    std::uint64_t handshakes = 0;           // of TLS
    std::uint64_t resumptions = 0;          // of those
    std::uint64_t client_certificates = 0;  // of those
  };

  // `on_quota` is called, on any thread, each time that a quota is found to be used up.
  Quotas(std::optional<std::uint64_t> message_quota, std::optional<std::uint64_t> quit_quota,
         std::function<void()> on_quota);

  // Whether one more message, or QUIT, may be answered.
  bool admit_message() { return admit(admitted_messages_, message_quota_); }
  bool admit_quit() { return admit(admitted_quits_, quit_quota_); }

  // An admitted QUIT was not answered, since its client has gone: another one may be.
  void return_quit() {
    if (quit_quota_) admitted_quits_.fetch_sub(1);
  }

  // An admitted message has been answered, or its client has gone.
  void message_done();

  // A session has ended; `quit`: with an admitted QUIT.
  void session_done(bool quit);

  // A TLS handshake was done.
  void secured(bool resumed, bool with_certificate);

  [[nodiscard]] Totals totals() const;

 private:
  using Counter = std::atomic<std::uint64_t>;

  static bool admit(Counter& admitted, const std::optional<std::uint64_t>& quota);

  const std::optional<std::uint64_t> message_quota_;
  const std::optional<std::uint64_t> quit_quota_;
  const std::function<void()> on_quota_;
  // What all workers write, apart from what they read.
  alignas(kCacheLine) Counter admitted_messages_{0};
  Counter messages_{0};
  alignas(kCacheLine) Counter admitted_quits_{0};
  Counter sessions_{0};
  Counter quits_{0};
  Counter handshakes_{0};
  Counter resumptions_{0};
  Counter client_certificates_{0};
};

// How many sessions may be open at once, over all workers.
class SessionLimit {
 public:
  explicit SessionLimit(std::size_t limit) : limit_(limit) {}

  // Takes a place for one session, unless all are taken.
  bool acquire();

  // Gives the place back. True when all were taken, so that somebody may wait for it.
  bool release() { return open_.fetch_sub(1) == limit_; }

 private:
  const std::size_t limit_;
  alignas(kCacheLine) std::atomic<std::size_t> open_{0};
};

}  // namespace millrace::sink
